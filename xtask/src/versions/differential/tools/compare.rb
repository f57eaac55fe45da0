STDIN.each_line do |line|
  left, right = line.chomp.split("\t", -1)
  begin
    order = Gem::Version.new(left) <=> Gem::Version.new(right)
    puts "<=>"[order + 1]
  rescue ArgumentError
    puts "!"
  end
end
