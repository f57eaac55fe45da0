<?php
if (!@include 'Composer/Semver/autoload.php') {
    fwrite(STDERR, "Composer's semver is not installed\n");
    exit(1);
}
$parser = new Composer\Semver\VersionParser();
while (($line = fgets(STDIN)) !== false) {
    try {
        [$left, $right] = array_map([$parser, 'normalize'], explode("\t", rtrim($line, "\n")));
        // A branch is no version.
        echo str_contains("$left $right", '9999999') || str_contains("$left $right", 'dev-')
            ? '!' : '<=>'[version_compare($left, $right) + 1], "\n";
    } catch (UnexpectedValueException) {
        echo "!\n";
    }
}
