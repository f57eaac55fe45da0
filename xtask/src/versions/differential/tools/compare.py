import sys

try:
    from packaging.version import InvalidVersion, Version
except ImportError:
    try:
        from pip._vendor.packaging.version import InvalidVersion, Version
    except ImportError:
        sys.exit("packaging is not installed")


def answer(line):
    try:
        left, right = map(Version, line.rstrip("\n").split("\t"))
    except InvalidVersion:
        return "!"
    return "<" if left < right else ">" if left > right else "="


print("\n".join(map(answer, sys.stdin)))
