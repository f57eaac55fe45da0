use axum::body::Body;
use axum::extract::Request;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;

/// Redirects a request whose path has empty elements, `.` or `..` to the path without them. The
/// status keeps method and body (307).
pub(crate) async fn clean_path(request: Request, next: Next) -> Response {
    match cleaned(request.uri().path()) {
        Some(path) => redirect(request.uri(), &path),
        None => next.run(request).await,
    }
}

/// Redirects to the same path with a slash behind it.
pub(crate) async fn add_slash(uri: Uri) -> Response {
    redirect(&uri, &format!("{}/", uri.path()))
}

fn redirect(uri: &Uri, path: &str) -> Response {
    let location = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut response = Response::new(Body::empty());
    // The parts of an address are visible ASCII, or a few bytes that headers may have as well.
    match HeaderValue::try_from(location) {
        Ok(location) => {
            *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            response.headers_mut().insert(LOCATION, location);
        }
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response
}

/// Returns the path without odd elements; none when it has none. The result begins with exactly
/// one slash, so that it cannot lead to another host.
fn cleaned(path: &str) -> Option<String> {
    let is_clean =
        path.strip_prefix('/')?
            .split('/')
            .rev()
            .enumerate()
            .all(|(from_end, element)| {
                (from_end == 0 || !element.is_empty()) && !matches!(dots(element), 1 | 2)
            });
    if is_clean {
        return None;
    }
    let mut elements = Vec::new();
    for element in path.split('/') {
        match dots(element) {
            _ if element.is_empty() => {}
            1 => {}
            2 => {
                elements.pop();
            }
            _ => elements.push(element),
        }
    }
    let mut cleaned = format!("/{}", elements.join("/"));
    if path.ends_with('/') && !elements.is_empty() {
        cleaned.push('/');
    }
    Some(cleaned)
}

/// Counts the dots of an element that has nothing else, percent-encoded ones included; 0 for all
/// other elements.
fn dots(element: &str) -> usize {
    let mut rest = element;
    let mut dots = 0;
    while !rest.is_empty() {
        let encoded = rest
            .get(..3)
            .is_some_and(|text| text.eq_ignore_ascii_case("%2e"));
        let length = if encoded { 3 } else { 1 };
        if !encoded && !rest.starts_with('.') {
            return 0;
        }
        rest = rest.get(length..).unwrap_or_default();
        dots += 1;
    }
    dots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_elements_are_taken_out() {
        for (path, expected) in [
            ("//a", "/a"),
            ("//evil.example/..", "/"),
            ("/a//b/", "/a/b/"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/../../b", "/b"),
            ("/a/%2E%2e/b", "/b"),
            ("/a/.", "/a"),
            ("/a/..", "/"),
            ("//", "/"),
        ] {
            assert_eq!(cleaned(path).as_deref(), Some(expected), "{path}");
        }
    }

    #[test]
    fn a_clean_path_is_left_alone() {
        for path in [
            "/",
            "/a",
            "/a/",
            "/a/...",
            "/a/.b",
            "/a/sha256:00",
            "*",
            "/a/%2e%2ex",
        ] {
            assert_eq!(cleaned(path), None, "{path}");
        }
    }

    #[test]
    fn a_cleaned_path_is_clean() {
        for path in ["//a/..//b/./c//", "/a/b/../../../c/"] {
            let once = cleaned(path).unwrap();
            assert_eq!(cleaned(&once), None, "{path} {once}");
        }
    }
}
