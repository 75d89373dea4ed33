//! Which failed requests are tried again, and after how long.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode};

use super::fault::{Fault, Reach, is_read};
use super::limits::Limits;

/// How often a request is tried again.
pub(super) const TIMES: u32 = 4;
/// Each pause is so many times longer than the one before.
const GROWTH: u32 = 3;

/// Why and when to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// A gateway could not help this time; after a pause.
    Gateway(Duration),
    /// The server asks for time: nobody else should ask it meanwhile.
    Busy(Duration),
    /// The connection broke, or there was none; nobody else should try meanwhile.
    Gone(Duration),
}

impl Again {
    /// Judges one outcome of a request that was tried `tried` times before. `has_answered` tells that the server was
    /// there earlier, so that a missing connection is an outage and no wrong address.
    pub(super) fn judge(
        method: &Method,
        outcome: Result<(StatusCode, &HeaderMap), &Fault>,
        tried: u32,
        has_answered: bool,
        limits: Limits,
    ) -> Option<Self> {
        if tried >= TIMES {
            return None;
        }
        let pause = limits.pause * GROWTH.pow(tried);
        match outcome {
            Ok((status, headers)) if is_passing(method, status) => match retry_after(headers) {
                Some(wait) if wait > limits.longest_pause => None,
                Some(wait) => Some(Self::Busy(wait)),
                None => Some(Self::Gateway(pause)),
            },
            Ok(_) => None,
            Err(fault) if fault.reach == Reach::HeldUp => Some(Self::Gateway(pause)),
            // A connection that was kept open for long may break: the first try is free.
            Err(fault) if fault.broke() && fault.may_repeat(method) => {
                Some(Self::Gone(if tried == 0 { Duration::ZERO } else { pause }))
            }
            Err(fault) => (fault.never_arrived() && has_answered).then_some(Self::Gone(pause)),
        }
    }
}

/// Whether the same request may succeed later, and repeating it does no harm.
pub(super) fn is_passing(method: &Method, status: StatusCode) -> bool {
    // A gateway's 5xx says nothing of what the server behind it did with an upload.
    status == 429 || (is_read(method) && matches!(status.as_u16(), 502..=504))
}

/// What a server asks for in `Retry-After`: seconds, or a date against its own clock.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| {
        let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_zoned(text).ok()?;
        Some(zoned.timestamp())
    };
    let now = headers.get(reqwest::header::DATE)?.to_str().ok().and_then(date)?;
    let wait = date(text)?.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use reqwest::header::{DATE, HeaderValue};

    use super::super::error::RemoteError;
    use super::*;

    #[test]
    fn a_wait_is_read_in_seconds_and_as_a_date() {
        let wait = |after: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, HeaderValue::from_static("Sun, 22 Nov 2026 18:06:45 GMT"));
            headers.insert(RETRY_AFTER, HeaderValue::from_static(after));
            retry_after(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(wait("7"), Some(7));
        assert_eq!(wait("Sun, 22 Nov 2026 18:07:05 GMT"), Some(20));
        assert_eq!(wait("Sun, 22 Nov 2026 18:06:05 GMT"), Some(0));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-1"), None);
    }

    #[test]
    fn what_a_proxy_held_up_is_sent_again_be_it_a_read_or_not() {
        let fault = Fault { error: RemoteError::Cancelled, reach: Reach::HeldUp };
        for method in [Method::GET, Method::POST] {
            let again = |tried| Again::judge(&method, Err(&fault), tried, false, Limits::default());
            assert!(matches!((again(0), again(TIMES)), (Some(Again::Gateway(_)), None)), "{method}");
        }
    }

    #[test]
    fn pauses_grow_and_end_after_four() {
        let headers = HeaderMap::new();
        let judge = |method: &Method, status, tried| {
            let head = Ok((StatusCode::from_u16(status).unwrap(), &headers));
            match Again::judge(method, head, tried, true, Limits::default()) {
                Some(Again::Gateway(pause)) => Some(pause),
                None => None,
                other => panic!("{other:?}"),
            }
        };
        let all: Vec<_> = (0..6).map(|tried| judge(&Method::GET, 502, tried)).collect();
        assert!(all[..4].is_sorted() && all[..4].iter().all(Option::is_some), "{all:?}");
        assert_eq!(all[4..], [None, None]);
        for (status, get, post) in [(502, true, false), (503, true, false), (504, true, false), (429, true, true)] {
            assert_eq!(judge(&Method::GET, status, 0).is_some(), get, "{status}");
            assert_eq!(judge(&Method::POST, status, 0).is_some(), post, "{status}");
        }
        assert_eq!(judge(&Method::GET, 500, 0), None);
        assert_eq!(judge(&Method::GET, 404, 0), None);
    }
}
