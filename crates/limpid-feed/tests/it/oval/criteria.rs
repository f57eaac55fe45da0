//! What criteria say of packages. Azure Linux is the feed, because it adds nothing to them.

use super::document::{Document, all, any, criterion, extend, not};
use crate::support::{lines, parse, quarantined};
use limpid_feed::{Collected, MemoryDocuments};

const URL: &str = "https://azure.test/main/azurelinux-3.0-oval.xml";

fn read(document: &Document) -> Collected {
    let documents = MemoryDocuments::default().with(URL, document.to_xml());
    parse("azure/azurelinux-3.0", documents)
}

/// Reads a document with one definition and checks what it says, as `package versions` lines.
fn check(build: impl FnOnce(&mut Document) -> String, expected: &[&str]) {
    let mut document = Document::default();
    let criteria = build(&mut document);
    document.definition(
        r#"<title>x</title><reference ref_id="CVE-2024-1111" source="CVE"/>"#,
        &criteria,
    );
    let sink = read(&document);
    assert_eq!(quarantined(&sink), [], "{criteria}");
    let found: Vec<String> = lines(&sink)
        .iter()
        .map(|line| {
            line.replace("azurelinux:3.0 ", "")
                .replace(" CVE-2024-1111", "")
        })
        .collect();
    assert_eq!(found, expected, "{criteria}");
}

/// Reads a document with one definition, which must be refused.
fn refuse(build: impl FnOnce(&mut Document) -> String, expected: &str) {
    let mut document = Document::default();
    let criteria = build(&mut document);
    let id = document.vulnerability("CVE-2024-1111", &criteria);
    let good = criterion(&document.below("good", "1-1"), "");
    document.vulnerability("CVE-2024-2222", &all(&[good]));
    let sink = read(&document);
    assert_eq!(sink.advisories.len(), 1, "{criteria}");
    let found = quarantined(&sink);
    assert_eq!(found.len(), 1, "{criteria}");
    assert_eq!(found[0].0, id);
    assert!(found[0].1.starts_with(expected), "{}", found[0].1);
    assert!(sink.quarantined[0].offset.is_some());
}

fn test_of(document: &mut Document, name: &str, state: &str) -> String {
    all(&[criterion(&document.package(name, state), "")])
}

#[test]
fn each_operation_has_its_versions() {
    for (operation, value, expected) in [
        ("less than", "1:2-3", "a affected <1:2-3"),
        ("less than or equal", "0:2-3", "a affected <=0:2-3"),
        ("equals", "0:2-3", "a affected 0:2-3<=0:2-3"),
        ("greater than or equal", "0:2-3", "a affected 0:2-3.."),
        ("greater than", "0:2-3", "a affected 0:2-3^.."),
        ("greater than", "0:0", "a affected *"),
        ("greater than", "0:0-0", "a affected *"),
    ] {
        let state = format!(r#"<evr datatype="evr_string" operation="{operation}">{value}</evr>"#);
        check(|document| test_of(document, "a", &state), &[expected]);
    }
    check(
        |document| {
            test_of(
                document,
                "a",
                r#"<version operation="less than">2.1</version>"#,
            )
        },
        &["a affected <2.1"],
    );
}

#[test]
fn operations_that_name_no_range_are_refused() {
    for state in [
        r#"<evr operation="not equal">1-1</evr>"#,
        r#"<evr operation="pattern match">^1</evr>"#,
        r#"<evr operation="6">1-1</evr>"#,
        r#"<evr operation="less than" var_ref="oval:test:var:1"/>"#,
    ] {
        refuse(
            |document| test_of(document, "a", state),
            "operation that is not supported on a version",
        );
    }
    refuse(
        |document| test_of(document, "a", r#"<evr operation="less than"></evr>"#),
        "invalid rpm version, empty",
    );
}

#[test]
fn a_package_that_is_just_there_is_affected_in_every_version() {
    check(
        |document| {
            let object = document.table("rpminfo_object", "obj", "", "<name>a</name>");
            let content = format!(r#"<object object_ref="{object}"/>"#);
            let test = document.table("rpminfo_test", "tst", "", &content);
            all(&[criterion(&test, "")])
        },
        &["a affected *"],
    );
}

#[test]
fn several_demands_on_one_package_are_one_range() {
    check(
        |document| {
            let first =
                document.package("a", r#"<evr operation="greater than or equal">1-1</evr>"#);
            let second = document.below("a", "2-1");
            let third = document.below("a", "3-1");
            all(&[
                criterion(&first, ""),
                criterion(&second, ""),
                criterion(&third, ""),
            ])
        },
        &["a affected 1-1<2-1"],
    );
}

#[test]
fn demands_that_exclude_each_other_say_nothing() {
    let mut document = Document::default();
    let low = document.below("a", "1-1");
    let high = document.package("a", r#"<evr operation="greater than or equal">2-1</evr>"#);
    let other = document.below("b", "1-1");
    let impossible = all(&[criterion(&low, ""), criterion(&high, "")]);
    document.vulnerability("x", &any(&[impossible, criterion(&other, "")]));
    let sink = read(&document);
    assert_eq!(sink.advisories.len(), 1);
    assert_eq!(sink.advisories[0].package.name, "b");
}

#[test]
fn alternatives_are_alternatives_however_they_are_nested() {
    check(
        |document| {
            let a = criterion(&document.below("a", "1-1"), "");
            let b = criterion(&document.below("b", "2-1"), "");
            let c = criterion(&document.below("c", "3-1"), "");
            let signed = criterion(&document.signed("a"), "a is signed");
            let file = criterion(&document.file(), "the host is of the unix family");
            all(&[
                file,
                any(&[all(&[a, signed]), any(&[all(&[any(&[b, c])])])]),
            ])
        },
        &["a affected <1-1", "b affected <2-1", "c affected <3-1"],
    );
}

#[test]
fn negation_turns_operators_and_operations_around() {
    check(
        |document| {
            let a = criterion(&document.below("a", "3-1"), "");
            let below = criterion(&document.below("a", "1-1"), "");
            let other = criterion(&document.below("b", "1-1"), "");
            // Not (a below 1 or b below 1): a is at least 1, and b is only what it is judged under.
            all(&[a, not(&any(&[below, other]))])
        },
        &["a affected 1-1<3-1"],
    );
    check(
        |document| {
            let a = criterion(&document.below("a", "3-1"), "");
            all(&[not(&not(&a))])
        },
        &["a affected <3-1"],
    );
}

#[test]
fn a_package_that_must_not_be_there_is_not_judged() {
    check(
        |document| {
            let a = criterion(&document.below("a", "3-1"), "");
            let object = document.table("rpminfo_object", "obj", "", "<name>b</name>");
            let content = format!(r#"<object object_ref="{object}"/>"#);
            let test = document.table("rpminfo_test", "tst", "check=\"none exist\"", &content);
            all(&[a, criterion(&test, "")])
        },
        &["a affected <3-1"],
    );
}

#[test]
fn a_live_patch_is_judged_under_the_kernel_that_it_is_for() {
    check(
        |document| {
            let state = r#"<evr operation="greater than or equal">0:5-2.1</evr>"#;
            let patch = document.checked_package("none satisfy", "kernel-livepatch-5_3", state);
            let kernel = document.package("kernel", r#"<evr operation="equals">0:5.3-1</evr>"#);
            let fixed = document.below("kernel", "0:5.3-9");
            any(&[
                all(&[criterion(&kernel, ""), criterion(&patch, "")]),
                criterion(&fixed, ""),
            ])
        },
        &[
            "kernel affected <0:5.3-9",
            "kernel-livepatch-5_3 affected <0:5-2.1",
        ],
    );
}

#[test]
fn architectures_are_a_list_of_names() {
    for (state, expected) in [
        (r#"<arch operation="equals">x86_64</arch>"#, vec!["x86_64"]),
        (
            r#"<arch operation="pattern match">(aarch64|x86_64)</arch>"#,
            vec!["aarch64", "x86_64"],
        ),
        (
            r#"<arch operation="pattern match">aarch64|(s390x|x86_64)</arch>"#,
            vec!["aarch64", "s390x", "x86_64"],
        ),
    ] {
        let mut document = Document::default();
        let state = format!(r#"{state}<evr operation="less than">1-1</evr>"#);
        let criteria = test_of(&mut document, "a", &state);
        document.vulnerability("x", &criteria);
        let sink = read(&document);
        assert_eq!(sink.advisories[0].package.architectures, expected);
    }
    for (state, reason) in [
        (
            r#"<arch operation="pattern match">x86.*</arch>"#,
            "architectures that are not a list of names",
        ),
        (
            r#"<arch operation="pattern match"></arch>"#,
            "architectures that are not a list of names",
        ),
        (
            r#"<arch operation="not equal">s390x</arch>"#,
            "operation that is not supported on an architecture",
        ),
    ] {
        let state = format!(r#"{state}<evr operation="less than">1-1</evr>"#);
        refuse(|document| test_of(document, "a", &state), reason);
    }
}

#[test]
fn a_definition_is_extended_by_the_criteria_of_another() {
    check(
        |document| {
            let file = criterion(&document.file(), "");
            let first = document.inventory(&all(&[file]));
            let second = document.inventory(&all(&[extend(&first)]));
            let a = criterion(&document.below("a", "1-1"), "");
            all(&[extend(&second), a])
        },
        &["a affected <1-1"],
    );
}

#[test]
fn definitions_that_extend_themselves_are_refused() {
    refuse(
        |document| {
            let own = document.inventory(&all(&[extend("oval:test:def:1")]));
            assert_eq!(own, "oval:test:def:1");
            all(&[extend(&own)])
        },
        "more than 8 definitions that extend each other",
    );
}

#[test]
fn criteria_that_multiply_are_refused() {
    refuse(
        |document| {
            let pair = |document: &mut Document, n: u32| {
                let left = criterion(&document.below(&format!("a{n}"), "1-1"), "");
                let right = criterion(&document.below(&format!("b{n}"), "1-1"), "");
                any(&[left, right])
            };
            let few: Vec<String> = (0..3).map(|n| pair(document, n)).collect();
            let few = document.inventory(&all(&few));
            let many = document.inventory(&all(&vec![extend(&few); 8]));
            all(&[extend(&many)])
        },
        "criteria with too many combinations",
    );
}

#[test]
fn what_is_taken_together_has_a_bound() {
    refuse(
        |document| {
            let package = criterion(&document.below("a", "1"), "");
            let twenty = document.inventory(&all(&vec![package; 20]));
            all(&vec![extend(&twenty); 4])
        },
        "more than 64 packages or platforms taken together",
    );
    refuse(
        |document| {
            let release = document.release("x-release");
            let parts: Vec<String> = (0..13)
                .map(|n: u32| {
                    let comments = (0..20).map(|m| criterion(&release, &format!("{n} {m}")));
                    extend(&document.inventory(&any(&comments.collect::<Vec<_>>())))
                })
                .collect();
            any(&parts)
        },
        "more than 256 platforms",
    );
}

#[test]
fn dead_references_cost_the_definition_alone() {
    refuse(
        |_| all(&[criterion("oval:test:tst:999", "")]),
        "test not in the document: oval:test:tst:999",
    );
    refuse(
        |_| all(&[extend("oval:test:def:999")]),
        "definition to extend not in the document: oval:test:def:999",
    );
    refuse(
        |document| {
            let state = document.table("rpminfo_state", "ste", "", "<evr>1-1</evr>");
            let test = document.test("rpminfo_test", "all", "oval:test:obj:999", &state);
            all(&[criterion(&test, "")])
        },
        "object not in the document",
    );
    refuse(
        |document| {
            let object = document.table("rpminfo_object", "obj", "", "<name>a</name>");
            let test = document.test("rpminfo_test", "all", &object, "oval:test:ste:999");
            all(&[criterion(&test, "")])
        },
        "state not in the document",
    );
}

#[test]
fn names_may_stand_in_a_variable() {
    fn build(document: &mut Document, values: &str) -> String {
        let variable = document.table("constant_variable", "var", "", values);
        let name = format!(r#"<name var_ref="{variable}"/>"#);
        let object = document.table("rpminfo_object", "obj", "", &name);
        let state = r#"<evr operation="less than">1-1</evr>"#;
        let state = document.table("rpminfo_state", "ste", "", state);
        let test = document.test("rpminfo_test", "all", &object, &state);
        all(&[criterion(&test, "")])
    }
    check(
        |document| build(document, "<value>a</value><value>b</value>"),
        &["a affected <1-1", "b affected <1-1"],
    );
    refuse(|document| build(document, ""), "variable without a value");
    refuse(|document| build(document, "<value/>"), "empty name");
}

#[test]
fn criteria_that_are_not_understood_are_refused() {
    for (criteria, reason) in [
        ("", "definition without criteria"),
        ("<criteria/>", "criteria without a criterion"),
        (
            r#"<criteria operator="XOR"><criterion test_ref="x"/></criteria>"#,
            "operator that is not supported: XOR",
        ),
    ] {
        refuse(|_| criteria.to_owned(), reason);
    }
    refuse(
        |document| {
            let name = r#"<name operation="pattern match">^kernel-.*</name>"#;
            let object = document.table("rpminfo_object", "obj", "", name);
            let state = document.table("rpminfo_state", "ste", "", "<evr>1-1</evr>");
            let test = document.test("rpminfo_test", "all", &object, &state);
            all(&[criterion(&test, "")])
        },
        "object that is not given by name",
    );
    refuse(
        |document| all(&[criterion(&document.file(), "")]),
        "no package in the criteria",
    );
}

#[test]
fn a_faulty_table_entry_is_quarantined_and_so_is_what_refers_to_it() {
    let mut document = Document::default();
    let test = document.package("&x;", "<evr>1-1</evr>");
    document.vulnerability("x", &all(&[criterion(&test, "")]));
    let sink = read(&document);
    assert_eq!(sink.advisories, []);
    let found = quarantined(&sink);
    assert_eq!(found[0], ("oval:test:obj:1", "unknown entity: &x;"));
    assert_eq!(found[1].0, "oval:test:def:4");
    assert!(found[1].1.starts_with("object not in the document"));
}
