//! OVAL: definitions of vulnerabilities whose criteria refer to tests, objects, states and
//! variables further down in the document.
//!
//! ```text
//! oval_definitions
//!   definitions  definition  metadata (title, reference, description, advisory)
//!                            criteria (operator, negate) criterion (test_ref), extend_definition
//!   tests        …_test      object (object_ref), state (state_ref); check
//!   objects      …_object    name: a package, or var_ref
//!   states       …_state     evr, version, arch, signature_keyid, …; each with an operation
//!   variables    constant_variable  value
//! ```
//!
//! What a definition refers to comes after it, so the document is read twice: first the tables,
//! which are kept in a compact form, then the definitions, one by one. Memory grows with the
//! tables, which [`MAX_TABLE_BYTES`] bounds, and with a packed copy for the second reading, which
//! has a bound of its own.
//!
//! The criteria are a formula over tests. [`Statement`]s are what it says of packages: which
//! versions of which package on which platforms make the definition true.
//!
//! | a test of | becomes |
//! |---|---|
//! | a package whose name ends with `-release` | a platform, named by the comment of the criterion |
//! | such a package with nothing but an architecture | a limit on architectures |
//! | anything, commented `Module X:Y is enabled` | a limit to the module |
//! | the versions of a package | the package and its versions |
//! | a package with the version 0, commented `… is not affected` | "not affected" |
//! | a signature, or something that is no package | nothing: it is taken to be met |
//!
//! Criteria that cannot be expressed as such statements make the definition faulty. They are never
//! dropped silently. The language is defined at <https://oval.mitre.org/language/version5.11/>.

mod bulletin;
mod copy;
mod evaluation;
mod feed;
mod formula;
mod range;
mod state;
mod statement;
mod symbols;
mod tables;

use std::io::Read;

use crate::run::{Run, open_required};
use crate::unpack::unpack;
use crate::xml::{Child, Element, Record, XmlReader};
use crate::{DocumentFault, Documents, FeedError, Limits};
use copy::Copy;
use evaluation::Evaluation;
use formula::Formula;
use tables::Tables;

pub(crate) use bulletin::{Bulletin, Claim};
pub(crate) use feed::{OvalFeed, OvalSource};
pub(crate) use statement::{Namespaces, Statement};

const ROOT: &str = "oval_definitions";

/// Bytes that the tables of a document may take in memory. Those of the largest known document,
/// half a gigabyte long, take about half of it.
const MAX_TABLE_BYTES: usize = 160 << 20;

/// A definition that says something about packages.
pub(crate) struct Definition<'a> {
    /// Its id: `oval:org.opensuse.security:def:20042771`.
    pub(crate) id: &'a str,
    /// Where it begins in the unpacked document.
    pub(crate) offset: u64,
    /// Title, references, description, and what else the source puts there.
    pub(crate) metadata: Element<'a>,
    /// What the criteria say of packages.
    pub(crate) statements: Vec<Statement>,
}

/// Reads a document and hands over every definition that says something about packages.
///
/// Definitions that only describe a platform serve those that extend them.
pub(crate) fn read(
    documents: &mut dyn Documents,
    url: &str,
    limits: &Limits,
    run: &mut Run<'_>,
    handle: &mut dyn FnMut(&Definition<'_>, &mut Run<'_>) -> Result<(), FeedError>,
) -> Result<(), FeedError> {
    let copy = Copy::default();
    let first = copy.record(unpacked(documents, url)?);
    let tables = read_tables(XmlReader::of_unpacked(url, first, limits), run)?;
    let second = match copy.take() {
        Some(copied) => copied,
        None => unpacked(documents, url)?,
    };
    let mut xml = XmlReader::of_unpacked(url, second, limits);
    xml.enter_root(ROOT)?;
    while let Some(section) = xml.next_child()? {
        if section.name != "definitions" {
            continue;
        }
        xml.enter();
        while let Some(child) = xml.next_child()? {
            if !is_inventory(&xml) {
                read_definition(&child, &mut xml, &tables, run, handle)?;
            }
        }
    }
    xml.finish()
}

fn unpacked(documents: &mut dyn Documents, url: &str) -> Result<Box<dyn Read>, FeedError> {
    unpack(open_required(documents, url)?)
        .map_err(|source| FeedError::document(url, DocumentFault::Unreadable { offset: 0, source }))
}

fn read_definition(
    child: &Child,
    xml: &mut XmlReader,
    tables: &Tables,
    run: &mut Run<'_>,
    handle: &mut dyn FnMut(&Definition<'_>, &mut Run<'_>) -> Result<(), FeedError>,
) -> Result<(), FeedError> {
    let name = xml.attribute("id").unwrap_or_default();
    let element = match xml.record()? {
        Record::Whole(element) => element,
        Record::Faulty(reason) => return run.quarantine(name, Some(child.offset), reason),
    };
    let outcome = Formula::of_definition(element)
        .and_then(|formula| Evaluation::new(tables).statements(&formula));
    let statements = match outcome {
        Ok(statements) => statements,
        Err(reason) => return run.quarantine(name, Some(child.offset), reason),
    };
    let Some(metadata) = element.child("metadata") else {
        return run.quarantine(name, Some(child.offset), "definition without metadata");
    };
    let definition = Definition {
        id: &name,
        offset: child.offset,
        metadata,
        statements,
    };
    handle(&definition, run)
}

/// Reads everything but the definitions, and of these the ones that describe platforms.
fn read_tables(mut xml: XmlReader, run: &mut Run<'_>) -> Result<Tables, FeedError> {
    let mut tables = Tables::new(MAX_TABLE_BYTES);
    let mut has_definitions = false;
    xml.enter_root(ROOT)?;
    while let Some(section) = xml.next_child()? {
        if section.name == "generator" {
            continue;
        }
        let is_definitions = section.name == "definitions";
        has_definitions |= is_definitions;
        xml.enter();
        while let Some(child) = xml.next_child()? {
            if is_definitions && !is_inventory(&xml) {
                continue;
            }
            let name = xml.attribute("id").unwrap_or_default();
            let fault = match xml.record()? {
                Record::Whole(element) if is_definitions => tables.add_inventory(element).err(),
                Record::Whole(element) => tables.add(element).err(),
                Record::Faulty(reason) => Some(reason),
            };
            if let Some(reason) = fault {
                run.quarantine(name, Some(child.offset), reason)?;
            }
            tables.check_size().map_err(|fault| xml.fail(fault))?;
        }
    }
    xml.finish()?;
    if has_definitions {
        Ok(tables)
    } else {
        Err(xml.fail(DocumentFault::MissingMember("definitions")))
    }
}

/// Tells whether the definition in front of the reader describes a platform.
fn is_inventory(xml: &XmlReader) -> bool {
    xml.attribute("class")
        .is_some_and(|class| class == "inventory")
}
