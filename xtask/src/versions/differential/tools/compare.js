let semver;
try {
  semver = require("semver");
} catch {
  console.error("node-semver is not installed");
  process.exit(1);
}
const answers = [];
for (const line of require("fs").readFileSync(0, "utf8").trimEnd().split("\n")) {
  const [left, right] = line.split("\t");
  try {
    answers.push("<=>"[semver.compareLoose(left, right) + 1]);
  } catch {
    answers.push("!");
  }
}
console.log(answers.join("\n"));
