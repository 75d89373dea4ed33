//! What a request carries in confidence. Some servers and gateways repeat a request in the text of an error, which is
//! shown and kept in the log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Request;
use reqwest::header::AUTHORIZATION;
use zeroize::Zeroizing;

/// What stands in its place.
const UNSHOWN: &[u8] = b"(not shown)";
/// Anything shorter would be found everywhere.
const SHORTEST: usize = 4;

/// The secrets of a request.
pub(super) struct Confided(Vec<Zeroizing<Vec<u8>>>);

impl Confided {
    /// Those of its login: as it is sent, and for a password as it was typed.
    pub(super) fn in_request(request: &Request) -> Self {
        let sent = request.headers().get(AUTHORIZATION).map(|value| value.as_bytes().to_vec());
        let word = sent.and_then(|sent| Some(sent.split(|byte| *byte == b' ').next_back()?.to_vec()));
        let mut secrets: Vec<Zeroizing<Vec<u8>>> = word.into_iter().map(Zeroizing::new).collect();
        let typed = secrets.first().and_then(|word| BASE64.decode(word.as_slice()).ok()).map(Zeroizing::new);
        let password = typed.as_ref().and_then(|typed| {
            let colon = typed.iter().position(|byte| *byte == b':')?;
            Some(Zeroizing::new(typed.get(colon + 1..)?.to_vec()))
        });
        secrets.extend(password);
        secrets.retain(|secret| secret.len() >= SHORTEST);
        Self(secrets)
    }

    /// A text of the other side without them.
    pub(super) fn kept_out_of(&self, text: Vec<u8>) -> Vec<u8> {
        self.0.iter().fold(text, |text, secret| replaced(text, secret))
    }
}

fn replaced(text: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    if !text.windows(secret.len()).any(|window| window == secret) {
        return text;
    }
    let (mut clean, mut rest) = (Vec::with_capacity(text.len()), text.as_slice());
    while let Some(byte) = rest.first() {
        match rest.strip_prefix(secret) {
            Some(after) => {
                clean.extend_from_slice(UNSHOWN);
                rest = after;
            }
            None => {
                clean.push(*byte);
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    clean
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shown(header: &str, text: &str) -> String {
        let mut request = Request::new(reqwest::Method::GET, "https://r.test/".parse().unwrap());
        request.headers_mut().insert(AUTHORIZATION, header.parse().unwrap());
        String::from_utf8(Confided::in_request(&request).kept_out_of(text.as_bytes().to_vec())).unwrap()
    }

    #[test]
    fn a_login_that_is_sent_back_is_not_shown() {
        let basic = format!("Basic {}", BASE64.encode("ci:s:ecret"));
        let told = format!("bad request: Authorization: {basic}, that is ci and s:ecret");
        assert_eq!(shown(&basic, &told), "bad request: Authorization: Basic (not shown), that is ci and (not shown)");
        assert_eq!(shown("Bearer abc.def", "no abc.def, abc.def"), "no (not shown), (not shown)");
        assert_eq!(shown(&basic, "nothing of it"), "nothing of it");
    }
}
