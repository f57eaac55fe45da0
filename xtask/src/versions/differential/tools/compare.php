<?php
while (($line = fgets(STDIN)) !== false) {
    [$left, $right] = preg_replace('/^[vV](?=\d)/', '', explode("\t", rtrim($line, "\n")));
    echo '<=>'[version_compare($left, $right) + 1], "\n";
}
