lines <- strsplit(readLines(file("stdin")), "\t", fixed = TRUE)
left <- numeric_version(vapply(lines, `[`, "", 1), strict = FALSE)
right <- numeric_version(vapply(lines, `[`, "", 2), strict = FALSE)
answers <- ifelse(left < right, "<", ifelse(left > right, ">", "="))
answers[is.na(left) | is.na(right)] <- "!"
writeLines(answers)
