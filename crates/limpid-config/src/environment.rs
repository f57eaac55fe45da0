use std::collections::BTreeMap;

/// Variables of the process, as whoever owns the process hands them over.
///
/// As in Clair no variable overrides a key of the configuration. They only stand in for what
/// connection strings leave out.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Returns a variable's value; an empty one counts as absent, as in libpq.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Says whether any variable of libpq may be there.
    pub(crate) fn knows_a_database(&self) -> bool {
        self.0.keys().any(|name| name.starts_with("PG"))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter();
        Self(
            variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}
