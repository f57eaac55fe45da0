use std::ops::Range;

use quick_xml::events::{BytesRef, BytesStart};

use crate::run::TOO_LARGE;

/// Levels of elements in a record; real ones have ten.
const MAX_DEPTH: usize = 64;

/// Attributes of an element.
const MAX_ATTRIBUTES: usize = 64;

/// The elements of one record, in document order, with all their text in one place.
#[derive(Default)]
pub(super) struct Tree {
    /// Names and attributes.
    labels: String,
    /// The text of all elements, in document order.
    text: String,
    attributes: Vec<Attribute>,
    nodes: Vec<Node>,
    /// The elements that have begun and not ended.
    open: Vec<usize>,
    fault: Option<String>,
    max_bytes: usize,
}

struct Attribute {
    key: Range<usize>,
    value: Range<usize>,
}

struct Node {
    name: Range<usize>,
    attributes: Range<usize>,
    /// All text between its tags, that of its children included.
    text: Range<usize>,
    /// The first node that is not inside this one.
    end: usize,
}

impl Tree {
    /// Forgets everything, and will hold at most so many bytes.
    pub(super) fn begin(&mut self, max_bytes: usize) {
        self.labels.clear();
        self.text.clear();
        self.attributes.clear();
        self.nodes.clear();
        self.open.clear();
        self.fault = None;
        self.max_bytes = max_bytes;
    }

    /// Begins an element.
    pub(super) fn start(&mut self, start: &BytesStart<'_>) {
        if self.fault.is_some() {
            return;
        }
        if self.open.len() == MAX_DEPTH {
            return self.fail("more than 64 levels of elements");
        }
        self.open.push(self.nodes.len());
        let name = push(&mut self.labels, start.local_name().as_ref());
        let first = self.attributes.len();
        if let Err(reason) = self.push_attributes(start, first) {
            return self.fail(reason);
        }
        self.nodes.push(Node {
            name,
            attributes: first..self.attributes.len(),
            text: self.text.len()..self.text.len(),
            end: self.nodes.len() + 1,
        });
        self.check_size();
    }

    fn push_attributes(&mut self, start: &BytesStart<'_>, first: usize) -> Result<(), String> {
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| error.to_string())?;
            if self.attributes.len() - first == MAX_ATTRIBUTES {
                return Err("more than 64 attributes".into());
            }
            let value =
                quick_xml::escape::unescape(&attribute.value).map_err(|error| error.to_string())?;
            let key = push(&mut self.labels, attribute.key.as_ref());
            let value = push(&mut self.labels, &value);
            self.attributes.push(Attribute { key, value });
        }
        Ok(())
    }

    /// Ends the element that began last.
    pub(super) fn end(&mut self) {
        if self.fault.is_some() {
            return;
        }
        let (text_end, end) = (self.text.len(), self.nodes.len());
        let last = self.open.pop();
        if let Some(node) = last.and_then(|index| self.nodes.get_mut(index)) {
            node.text.end = text_end;
            node.end = end;
        }
    }

    /// Adds to the text of the open elements.
    pub(super) fn push_text(&mut self, text: &str) {
        if self.fault.is_none() {
            self.text.push_str(text);
            self.check_size();
        }
    }

    /// Adds the character that a reference stands for. There are no entities but the five of XML:
    /// documents cannot declare any.
    pub(super) fn push_reference(&mut self, reference: &BytesRef<'_>) {
        match reference.resolve_char_ref() {
            Ok(Some(character)) => self.push_text(character.encode_utf8(&mut [0; 4])),
            Ok(None) => match quick_xml::escape::resolve_predefined_entity(reference) {
                Some(text) => self.push_text(text),
                None => self.fail(format!("unknown entity: &{};", &**reference)),
            },
            Err(error) => self.fail(error.to_string()),
        }
    }

    /// Notes that some of the text is missing.
    pub(super) fn text_was_cut(&mut self) {
        self.fail(TOO_LARGE);
    }

    /// Returns the outermost element, or what is wrong with the record.
    pub(super) fn finish(&mut self) -> Record<'_> {
        match self.fault.take() {
            Some(reason) => Record::Faulty(reason),
            None => Record::Whole(Element {
                tree: self,
                index: 0,
            }),
        }
    }

    fn check_size(&mut self) {
        let size = self.labels.len()
            + self.text.len()
            + self.attributes.len() * size_of::<Attribute>()
            + self.nodes.len() * size_of::<Node>();
        if size > self.max_bytes {
            self.fail(TOO_LARGE);
        }
    }

    fn fail(&mut self, reason: impl Into<String>) {
        self.fault.get_or_insert_with(|| reason.into());
    }
}

fn push(target: &mut String, text: &str) -> Range<usize> {
    let start = target.len();
    target.push_str(text);
    start..target.len()
}

/// An element that was read with everything in it.
pub(crate) enum Record<'a> {
    /// The element.
    Whole(Element<'a>),
    /// It cannot be used, and why.
    Faulty(String),
}

/// An element of a record.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    tree: &'a Tree,
    index: usize,
}

impl<'a> Element<'a> {
    /// Returns the name without a namespace prefix.
    pub(crate) fn name(self) -> &'a str {
        self.node()
            .and_then(|node| self.tree.labels.get(node.name.clone()))
            .unwrap_or_default()
    }

    /// Returns the value of an attribute.
    pub(crate) fn attribute(self, name: &str) -> Option<&'a str> {
        let labels = &self.tree.labels;
        let range = self.node()?.attributes.clone();
        let attribute = self
            .tree
            .attributes
            .get(range)?
            .iter()
            .find(|attribute| labels.get(attribute.key.clone()) == Some(name))?;
        labels.get(attribute.value.clone())
    }

    /// Returns all text inside, that of inner elements included, without blanks around it.
    pub(crate) fn text(self) -> &'a str {
        self.node()
            .and_then(|node| self.tree.text.get(node.text.clone()))
            .unwrap_or_default()
            .trim()
    }

    /// Returns the elements directly inside.
    pub(crate) fn children(self) -> Children<'a> {
        Children {
            tree: self.tree,
            next: self.index + 1,
            end: self.node().map_or(0, |node| node.end),
        }
    }

    /// Returns the elements of a name directly inside.
    pub(crate) fn children_named(self, name: &'a str) -> impl Iterator<Item = Self> {
        self.children().filter(move |child| child.name() == name)
    }

    /// Returns the first element of a name directly inside.
    pub(crate) fn child(self, name: &str) -> Option<Self> {
        self.children().find(|child| child.name() == name)
    }

    /// Returns the text of the first element of a name directly inside; empty when there is none.
    pub(crate) fn child_text(self, name: &str) -> &'a str {
        self.child(name).map(Self::text).unwrap_or_default()
    }

    fn node(self) -> Option<&'a Node> {
        self.tree.nodes.get(self.index)
    }
}

/// The elements directly inside another one.
pub(crate) struct Children<'a> {
    tree: &'a Tree,
    next: usize,
    end: usize,
}

impl<'a> Iterator for Children<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        if self.next >= self.end {
            return None;
        }
        let element = Element {
            tree: self.tree,
            index: self.next,
        };
        self.next = element.node()?.end;
        Some(element)
    }
}
