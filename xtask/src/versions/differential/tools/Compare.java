import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.apache.maven.artifact.versioning.ComparableVersion;

class Compare {
    public static void main(String[] arguments) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var out = new StringBuilder();
        for (var line = in.readLine(); line != null; line = in.readLine()) {
            var pair = line.split("\t", -1);
            var order = new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]));
            out.append("<=>".charAt(Integer.signum(order) + 1)).append('\n');
        }
        System.out.print(out);
    }
}
