//! The picture of running work.

use jiff::Timestamp as Time;

use super::theme::Theme;

/// Shown once the work has run for 300 ms.
#[must_use]
pub fn turned(theme: Theme, now: Time, since: Time) -> Option<&'static str> {
    let run = now.as_millisecond() - since.as_millisecond();
    let turn = usize::try_from(run / 250).unwrap_or(0);
    (run >= 300).then(|| theme.glyphs.spinner[turn % 4])
}
