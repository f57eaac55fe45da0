use std::fmt::Write;

/// An OVAL document in the making. Everything that is added gets an id, which is returned.
#[derive(Default)]
pub(super) struct Document {
    definitions: String,
    tables: String,
    last_id: u32,
}

impl Document {
    /// Adds a definition without anything but a title.
    pub(super) fn vulnerability(&mut self, title: &str, criteria: &str) -> String {
        self.definition(&format!("<title>{title}</title>"), criteria)
    }

    /// Adds a definition.
    pub(super) fn definition(&mut self, metadata: &str, criteria: &str) -> String {
        self.definition_of_class("vulnerability", metadata, criteria)
    }

    /// Adds a definition that others may extend.
    pub(super) fn inventory(&mut self, criteria: &str) -> String {
        self.definition_of_class("inventory", "<title>a platform</title>", criteria)
    }

    fn definition_of_class(&mut self, class: &str, metadata: &str, criteria: &str) -> String {
        let id = self.id("def");
        write!(
            self.definitions,
            r#"<definition id="{id}" class="{class}"><metadata>{metadata}</metadata>{criteria}</definition>"#
        )
        .unwrap();
        id
    }

    /// Adds a test of a package by a state such as `<evr operation="less than">1-1</evr>`.
    pub(super) fn package(&mut self, name: &str, state: &str) -> String {
        self.checked_package("at least one", name, state)
    }

    /// Adds a test of a package that says how many must be in the state.
    pub(super) fn checked_package(&mut self, check: &str, name: &str, state: &str) -> String {
        let object = self.table("rpminfo_object", "obj", "", &format!("<name>{name}</name>"));
        let state = self.table("rpminfo_state", "ste", "", state);
        self.test("rpminfo_test", check, &object, &state)
    }

    /// Adds a test that a package is below a version.
    pub(super) fn below(&mut self, name: &str, version: &str) -> String {
        let state = format!(r#"<evr operation="less than">{version}</evr>"#);
        self.package(name, &state)
    }

    /// Adds a test that a release is installed, as the sources write it.
    pub(super) fn release(&mut self, name: &str) -> String {
        self.package(name, r#"<version operation="pattern match">^9</version>"#)
    }

    /// Adds a test that a package is signed.
    pub(super) fn signed(&mut self, name: &str) -> String {
        self.package(name, "<signature_keyid>72f97b74ec551f03</signature_keyid>")
    }

    /// Adds a test of something that is no package.
    pub(super) fn file(&mut self) -> String {
        let object = self.table(
            "textfilecontent54_object",
            "obj",
            "",
            "<filepath>/x</filepath>",
        );
        let state = self.table("textfilecontent54_state", "ste", "", "<text>y</text>");
        self.test("textfilecontent54_test", "all", &object, &state)
    }

    /// Adds a test of an object in a state.
    pub(super) fn test(&mut self, kind: &str, check: &str, object: &str, state: &str) -> String {
        let content = format!(r#"<object object_ref="{object}"/><state state_ref="{state}"/>"#);
        self.table(kind, "tst", &format!(r#"check="{check}""#), &content)
    }

    /// Adds an element to the tables.
    pub(super) fn table(
        &mut self,
        kind: &str,
        letters: &str,
        attributes: &str,
        content: &str,
    ) -> String {
        let id = self.id(letters);
        write!(
            self.tables,
            r#"<{kind} id="{id}" {attributes}>{content}</{kind}>"#
        )
        .unwrap();
        id
    }

    /// Writes the document.
    pub(super) fn to_xml(&self) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><oval_definitions xmlns="urn:x"><generator><oval:timestamp>2024-01-01</oval:timestamp></generator><definitions>{}</definitions><tests>{}</tests></oval_definitions>"#,
            self.definitions, self.tables
        )
    }

    fn id(&mut self, letters: &str) -> String {
        self.last_id += 1;
        format!("oval:test:{letters}:{}", self.last_id)
    }
}

/// All of some criteria.
pub(super) fn all(parts: &[String]) -> String {
    format!(r#"<criteria operator="AND">{}</criteria>"#, parts.concat())
}

/// Any of some criteria.
pub(super) fn any(parts: &[String]) -> String {
    format!(r#"<criteria operator="OR">{}</criteria>"#, parts.concat())
}

/// None of some criteria together.
pub(super) fn not(part: &str) -> String {
    format!(r#"<criteria negate="true">{part}</criteria>"#)
}

/// A criterion.
pub(super) fn criterion(test: &str, comment: &str) -> String {
    format!(r#"<criterion test_ref="{test}" comment="{comment}"/>"#)
}

/// The criteria of another definition.
pub(super) fn extend(definition: &str) -> String {
    format!(r#"<extend_definition definition_ref="{definition}"/>"#)
}
