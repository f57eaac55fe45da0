/// The ids in one text of `secfixes`, which people write by hand.
///
/// Seen in the source, and what becomes of it:
///
/// | text | id | aliases |
/// |---|---|---|
/// | `CVE-2017-2615 XSA-208` | `CVE-2017-2615` | `XSA-208` |
/// | `CVE-2017-5753 CVE-2017-5715 XSA-254 XPTI` | `CVE-2017-5753` | `CVE-2017-5715`, `XSA-254` |
/// | `CVE 2018-16859`, `CVE_2018-16859`, `cve-2018-16859` | `CVE-2018-16859` | |
/// | `CVE-2017-8073.patch`, `CVE-2017-17434-1` | without the rest | |
/// | `CVE-2017-2616 (+ regression fix)` | without the remark | |
/// | `CVE-????-?????  XSA-295` | `XSA-295` | |
/// | `XSA-207`, `wnpa-sec-2017-18`, `ALPINE-13661` | as it is | |
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Identifiers {
    /// The first id.
    pub(super) id: String,
    /// The others, sorted.
    pub(super) aliases: Vec<String>,
}

/// Bytes of an id. The longest real ones have thirty.
const ID_BYTES: usize = 128;

/// How many ids are read from one text.
const MAX_IDS: usize = 32;

impl Identifiers {
    /// Finds the ids in a text; none when there is no id in it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = without_remarks(text);
        let mut words = text
            .split(|c: char| c.is_whitespace() || matches!(c, '/' | ',' | ';' | '+' | '&'))
            .filter(|word| !word.is_empty())
            .peekable();
        let mut ids: Vec<String> = Vec::new();
        while let Some(word) = words.next() {
            let id = if word.eq_ignore_ascii_case("cve") {
                words
                    .next_if(|next| next.starts_with(|c: char| c.is_ascii_digit()))
                    .and_then(cve)
            } else {
                identifier(word)
            };
            if let Some(id) = id
                && !ids.contains(&id)
                && ids.len() < MAX_IDS
            {
                ids.push(id);
            }
        }
        let mut aliases = ids.into_iter();
        let id = aliases.next()?;
        let mut aliases: Vec<String> = aliases.collect();
        aliases.sort_unstable();
        Some(Self { id, aliases })
    }
}

/// Takes out what stands in parentheses, up to the end when they are not closed.
fn without_remarks(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .map(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ if depth == 0 => return c,
                _ => {}
            }
            ' '
        })
        .collect()
}

/// Normalises a word that is an id; none when it is a remark or a placeholder.
fn identifier(word: &str) -> Option<String> {
    let prefix = word.get(..3).unwrap_or_default();
    if prefix.eq_ignore_ascii_case("cve") {
        return word.get(3..).and_then(cve);
    }
    // `XPTI`, `fix`, `2.4`: an id has letters, a dash and digits. Those that are drawn at random may
    // happen to have no digit.
    let is_random = word.starts_with("GHSA-") || word.starts_with("CGA-");
    let is_id = word.len() <= ID_BYTES
        && word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.contains('-')
        && (is_random || word.contains(|c: char| c.is_ascii_digit()))
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'));
    is_id.then(|| word.trim_end_matches(['.', ':']).to_owned())
}

/// Makes a CVE id from year and number, whatever stands before, between and behind them.
fn cve(text: &str) -> Option<String> {
    let text = text.trim_start_matches(['-', '_', ':']);
    let (year, rest) = leading_digits(text);
    let (number, _) = leading_digits(rest.strip_prefix(['-', '_'])?);
    let is_cve = year.len() == 4 && !number.is_empty() && number.len() <= ID_BYTES;
    is_cve.then(|| format!("CVE-{year}-{number}"))
}

fn leading_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found = Identifiers::parse(text).map(|found| {
            let mut all = vec![found.id];
            all.extend(found.aliases);
            all
        });
        assert_eq!(found.unwrap_or_default(), expected, "{text:?}");
    }

    #[test]
    fn an_id_stays_as_it_is() {
        check("CVE-2022-2097", &["CVE-2022-2097"]);
        check("CVE-2018-1000500", &["CVE-2018-1000500"]);
        check("XSA-207", &["XSA-207"]);
        check("ALPINE-13661", &["ALPINE-13661"]);
        check("ZBX-11023", &["ZBX-11023"]);
        check("wnpa-sec-2017-18", &["wnpa-sec-2017-18"]);
        check("GHSA-6jvc-q2x7-pchv", &["GHSA-6jvc-q2x7-pchv"]);
        check("TALOS-2017-0488", &["TALOS-2017-0488"]);
        check("GHSA-cfgh-jmpq-rvwx", &["GHSA-cfgh-jmpq-rvwx"]);
        check("CGA-cfgh-jmpq-rvwx", &["CGA-cfgh-jmpq-rvwx"]);
    }

    #[test]
    fn the_first_of_several_ids_is_the_id_and_the_others_are_aliases() {
        check("CVE-2017-2615 XSA-208", &["CVE-2017-2615", "XSA-208"]);
        check("CVE-2018-3639   XSA-263", &["CVE-2018-3639", "XSA-263"]);
        check(
            "CVE-2019-5060 TALOS-2019-0844",
            &["CVE-2019-5060", "TALOS-2019-0844"],
        );
        check(
            "CVE-2019-1/CVE-2019-2, XSA-3",
            &["CVE-2019-1", "CVE-2019-2", "XSA-3"],
        );
        check(
            "CVE-2017-5753 CVE-2017-5715 CVE-2017-5754 XSA-254 XPTI",
            &["CVE-2017-5753", "CVE-2017-5715", "CVE-2017-5754", "XSA-254"],
        );
        check("CVE-2019-1 CVE-2019-1", &["CVE-2019-1"]);
    }

    #[test]
    fn sloppy_spellings_of_cve_ids_are_normalised() {
        for text in [
            "CVE 2018-16859",
            "CVE_2018-16859",
            "cve-2018-16859",
            "CVE-2018_16859",
            " CVE-2018-16859 ",
            "CVE-2018-16859.patch",
            "CVE-2018-16859-1",
            "CVE-2018-16859:",
            "CVE--2018-16859",
        ] {
            check(text, &["CVE-2018-16859"]);
        }
    }

    #[test]
    fn remarks_are_left_out() {
        check("CVE-2017-2616 (+ regression fix)", &["CVE-2017-2616"]);
        check("CVE-2018-14466 (AFS/RX)", &["CVE-2018-14466"]);
        check("CVE-2018-14879 (tcpdump -V)", &["CVE-2018-14879"]);
        check("CVE-2018-16227 (802.11)", &["CVE-2018-16227"]);
        check(
            "CVE-2018-10103 (SMB - partially fixed, but SMB printing disabled)",
            &["CVE-2018-10103"],
        );
        check("CVE-2018-1 (see CVE-2018-2", &["CVE-2018-1"]);
        check(
            "CVE-2018-1 (a (b) CVE-2018-2) XSA-3",
            &["CVE-2018-1", "XSA-3"],
        );
    }

    #[test]
    fn a_placeholder_is_no_id() {
        check("CVE-????-?????  XSA-295", &["XSA-295"]);
        check("CVE-2019-XXXX", &[]);
    }

    #[test]
    fn texts_without_an_id_give_none() {
        for text in [
            "",
            "  ",
            "CVE",
            "CVE ",
            "fixed",
            "()",
            "2018-16859",
            "CVE-20181-1",
            "ü-1",
        ] {
            check(text, &[]);
        }
        check(&"A-1".repeat(100), &[]);
    }
}
