use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

use crate::ApiError;
use crate::quality_list::elements;

/// The media types in which a route can answer.
pub trait Offer {
    /// The types, the preferred one first. There is at least one.
    const TYPES: &'static [&'static str];
}

/// The media type in which a client wants the answer, of those that are offered.
///
/// RFC 9110 section 12.5.1 decides. Among types that the client likes equally, the order of its
/// list counts, and then that of the offer. A lone `*` is taken for `*/*`. What is no media range
/// at all is a bad request; when nothing is offered that is accepted, the answer is 415, as in
/// Clair.
#[derive(Clone, Copy, Debug)]
pub struct Negotiated<O> {
    media_type: &'static str,
    offer: PhantomData<O>,
}

impl<O> Negotiated<O> {
    /// Returns the value of the header `Content-Type`.
    pub fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static(self.media_type)
    }

    /// Returns the media type.
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }
}

impl<S: Sync, O: Offer> FromRequestParts<S> for Negotiated<O> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self {
            media_type: negotiate(&parts.headers, O::TYPES)?,
            offer: PhantomData,
        })
    }
}

/// How closely a range names a type, then how much that is wanted, then where it stands.
type Fit = (u8, u16, usize);

fn negotiate(headers: &HeaderMap, offered: &[&'static str]) -> Result<&'static str, ApiError> {
    let mut best: Vec<Option<Fit>> = vec![None; offered.len()];
    let mut position = 0;
    for line in headers.get_all(ACCEPT) {
        let line = line.to_str().map_err(|_| malformed("not ASCII"))?;
        for (range, quality) in elements(line) {
            position += 1;
            for (best, media_type) in best.iter_mut().zip(offered) {
                let Some(closeness) = closeness(range, media_type)? else {
                    continue;
                };
                if best.is_none_or(|(known, ..)| closeness > known) {
                    *best = Some((closeness, quality, position));
                }
            }
        }
    }
    if position == 0 {
        return offered
            .first()
            .copied()
            .ok_or_else(|| ApiError::not_acceptable(offered));
    }
    let wanted = best.iter().zip(offered).enumerate();
    wanted
        .filter_map(|(order, (best, media_type))| {
            let (_, quality, position) = (*best)?;
            (quality > 0).then_some((std::cmp::Reverse(quality), position, order, *media_type))
        })
        .min()
        .map(|(.., media_type)| media_type)
        .ok_or_else(|| ApiError::not_acceptable(offered))
}

/// Tells how closely a media range names a type: not at all, as any, as any of its kind, as itself.
fn closeness(range: &str, media_type: &str) -> Result<Option<u8>, ApiError> {
    if range == "*" {
        return Ok(Some(0));
    }
    let (kind, subtype) = range
        .split_once('/')
        .filter(|(kind, subtype)| is_token(kind) && is_token(subtype))
        .ok_or_else(|| malformed(range))?;
    let offered_kind = media_type.split_once('/').map_or("", |(kind, _)| kind);
    Ok(match (kind, subtype) {
        ("*", "*") => Some(0),
        (kind, "*") if kind.eq_ignore_ascii_case(offered_kind) => Some(1),
        _ if range.eq_ignore_ascii_case(media_type) => Some(2),
        _ => None,
    })
}

fn is_token(text: &str) -> bool {
    let is_token_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_byte)
}

fn malformed(range: &str) -> ApiError {
    ApiError::bad_request(format!("malformed request: invalid media type: {range:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERED: &[&str] = &["application/vnd.x.v1+json", "application/json"];

    fn negotiated(lines: &[&str]) -> Result<&'static str, u16> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT, HeaderValue::from_str(line).unwrap());
        }
        negotiate(&headers, OFFERED).map_err(|error| error.status().as_u16())
    }

    #[test]
    fn no_wish_is_any_wish() {
        for lines in [
            &[][..],
            &[""],
            &["*/*"],
            &["*"],
            &["application/*"],
            &[" , "],
        ] {
            assert_eq!(negotiated(lines), Ok(OFFERED[0]), "{lines:?}");
        }
    }

    #[test]
    fn weight_decides_then_the_clients_order() {
        assert_eq!(negotiated(&["application/json"]), Ok(OFFERED[1]));
        assert_eq!(
            negotiated(&["application/json, application/vnd.x.v1+json"]),
            Ok(OFFERED[1])
        );
        assert_eq!(
            negotiated(&["application/json;q=0.5", "Application/Vnd.X.v1+JSON"]),
            Ok(OFFERED[0])
        );
        assert_eq!(negotiated(&["text/html, */*;q=0.1"]), Ok(OFFERED[0]));
        assert_eq!(negotiated(&["application/json,"]), Ok(OFFERED[1]));
    }

    #[test]
    fn the_closest_range_decides_about_a_type() {
        assert_eq!(
            negotiated(&["application/vnd.x.v1+json;q=0, */*"]),
            Ok(OFFERED[1])
        );
        assert_eq!(
            negotiated(&["*/*;q=0, application/json;q=0.1"]),
            Ok(OFFERED[1])
        );
    }

    #[test]
    fn nothing_in_common_is_refused() {
        for line in ["text/html", "*/json", "application/json;q=0", "*/*;q=0"] {
            assert_eq!(negotiated(&[line]), Err(415), "{line}");
        }
    }

    #[test]
    fn what_is_no_media_range_is_a_bad_request() {
        for line in ["json", "/", "a/", "a/b/c", "application/json, x", "a b/c"] {
            assert_eq!(negotiated(&[line]), Err(400), "{line}");
        }
    }
}
