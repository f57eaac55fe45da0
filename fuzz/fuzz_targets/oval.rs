//! Criteria, tests, objects and states of any content in a document that is well formed otherwise:
//! no panic, no advisory that contradicts itself, and an answer within bounds.
//!
//! Each byte of the input chooses the next piece, so that what comes out is mostly meaningful.
#![no_main]

use std::fmt::Write;

use libfuzzer_sys::fuzz_target;
use limpid_feed::{Collected, MemoryDocuments, Probe, ProbeError, Settings, families};

const FILES: [&str; 3] = [
    "com.oracle.elsa-2024.xml.bz2",
    "suse.linux.enterprise.server.15.xml.gz",
    "azurelinux-3.0-oval.xml",
];

const OPERATIONS: [&str; 8] = [
    "equals",
    "not equal",
    "less than",
    "less than or equal",
    "greater than",
    "greater than or equal",
    "pattern match",
    "6",
];

const VALUES: [&str; 8] = [
    "0",
    "0:0-0",
    "1-1",
    "2:1-1",
    "1-1.ksplice1.el9",
    "^9",
    "",
    "a|(b)",
];

const NAMES: [&str; 4] = ["a", "kernel-uek", "sles-release", "oraclelinux-release"];

const COMMENTS: [&str; 6] = [
    "Oracle Linux 9 is installed",
    "SUSE Linux Enterprise Server 15 SP5 is installed",
    "Module ruby:3.1 is enabled",
    "a is not affected",
    "",
    "SUSE Linux Enterprise Module for Containers 12 is installed",
];

/// A server that has one document of each source.
struct Server;

impl Probe for Server {
    fn exists(&mut self, url: &str) -> Result<bool, ProbeError> {
        Ok(FILES.iter().any(|file| url.ends_with(file)))
    }

    fn read(&mut self, _url: &str, _max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError> {
        Ok(None)
    }
}

/// The choices that the input makes; when it has been used up, always the first.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % count
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }

    fn criteria(&mut self, depth: usize) -> String {
        let operator = self.of(&["AND", "OR", "AND", "ONE"]);
        let negate = self.of(&["false", "false", "true"]);
        let mut text = format!(r#"<criteria operator="{operator}" negate="{negate}">"#);
        for _ in 0..=self.below(4) {
            match self.below(8) {
                0 | 1 if depth < 6 => text.push_str(&self.criteria(depth + 1)),
                2 => {
                    let id = self.below(4);
                    let _ = write!(text, r#"<extend_definition definition_ref="o:def:{id}"/>"#);
                }
                _ => {
                    let (id, comment) = (self.below(12), self.of(&COMMENTS));
                    let _ = write!(
                        text,
                        r#"<criterion test_ref="o:tst:{id}" comment="{comment}"/>"#
                    );
                }
            }
        }
        text + "</criteria>"
    }

    fn tables(&mut self) -> String {
        let mut text = String::new();
        for id in 0..10 {
            let kind = self.of(&["rpminfo", "rpminfo", "dpkginfo", "family"]);
            let check = self.of(&["at least one", "all", "none satisfy", "none exist"]);
            let (object, state) = (self.below(8), self.below(10));
            let _ = write!(
                text,
                r#"<{kind}_test id="o:tst:{id}" check="{check}"><object object_ref="o:obj:{object}"/><state state_ref="o:ste:{state}"/></{kind}_test>"#
            );
            let name = self.of(&NAMES);
            let name = if self.below(8) == 0 {
                format!(r#"<name var_ref="o:var:{}"/>"#, self.below(3))
            } else {
                format!("<name>{name}</name>")
            };
            let _ = write!(
                text,
                r#"<rpminfo_object id="o:obj:{id}">{name}</rpminfo_object>"#
            );
            let member = self.of(&["evr", "evr", "version", "arch", "signature_keyid"]);
            let (operation, value) = (self.of(&OPERATIONS), self.of(&VALUES));
            let _ = write!(
                text,
                r#"<rpminfo_state id="o:ste:{id}"><{member} operation="{operation}">{value}</{member}></rpminfo_state>"#
            );
        }
        text + r#"<constant_variable id="o:var:0"><value>v</value><value>w</value></constant_variable>"#
    }
}

fuzz_target!(|data: &[u8]| {
    let mut choices = Choices(data.iter());
    let tables = choices.tables();
    let mut definitions = String::new();
    for id in 0..4 {
        let class = choices.of(&["inventory", "patch", "vulnerability"]);
        let criteria = choices.criteria(0);
        let _ = write!(
            definitions,
            r#"<definition id="o:def:{id}" class="{class}"><metadata><title>CVE-2024-1111</title></metadata>{criteria}</definition>"#
        );
    }
    let document = format!(
        "<oval_definitions><definitions>{definitions}</definitions><tests>{tables}</tests></oval_definitions>"
    );
    for family in families(&Settings::default()) {
        if !matches!(family.name(), "oracle" | "suse" | "azure") {
            continue;
        }
        let feeds = family.discover(&mut Server).expect("there is a document");
        let url = feeds[0].documents()[0].url.clone();
        let mut documents = MemoryDocuments::default().with(url, document.as_bytes());
        let mut sink = Collected::default();
        let tally = feeds[0]
            .parse(&mut documents, &mut sink)
            .expect("the document is well formed");
        assert_eq!(tally.advisories, sink.advisories.len() as u64);
        for advisory in &sink.advisories {
            assert!(!advisory.versions.ranges.is_empty());
            assert!(advisory.namespace.contains(':'));
        }
    }
});
