//! Numbers and times as the tables show them.

use jiff::Timestamp as Time;

use crate::tuf::Role;

pub use crate::engine::wording::counted as count;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// Seconds from `now` to `at`, negative if past.
#[must_use]
pub fn seconds_until(now: Time, at: Time) -> i64 {
    at.as_second() - now.as_second()
}

/// A length of time in one unit: `2.9 y`, `13 d`, `4 h`, `12 min`.
#[must_use]
pub fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match seconds {
        YEAR.. => {
            let tenths = seconds * 10 / YEAR;
            format!("{}.{} y", tenths / 10, tenths % 10)
        }
        DAY.. => format!("{} d", seconds / DAY),
        HOUR.. => format!("{} h", seconds / HOUR),
        _ => format!("{} min", seconds / MINUTE),
    }
}

/// What a column `Expires` shows.
#[must_use]
pub fn expiry(now: Time, at: Time) -> String {
    let left = seconds_until(now, at);
    if left <= 0 { "expired".to_owned() } else { span(left) }
}

/// How the end of a role's life looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Nothing to do.
    Fine,
    /// Under 15 % of its life is left.
    Short,
    /// Over.
    Expired,
}

/// Judges what is left of a role's own life.
#[must_use]
pub fn age(now: Time, role: &Role, at: Time) -> Age {
    let left = seconds_until(now, at);
    let life = life(role);
    if left <= 0 {
        Age::Expired
    } else if left * 100 < life * 15 {
        Age::Short
    } else {
        Age::Fine
    }
}

/// How long a fresh file of this role lives, in seconds.
fn life(role: &Role) -> i64 {
    match role {
        Role::Root => 10 * YEAR,
        Role::Timestamp => 14 * DAY,
        _ => 3 * YEAR,
    }
}

/// How many of `cells` are left of a role's life; at least one while it lives.
#[must_use]
pub fn life_cells(now: Time, role: &Role, at: Time, cells: u16) -> u16 {
    let left = seconds_until(now, at).max(0);
    if left == 0 {
        return 0;
    }
    let share = (left * i64::from(cells) + life(role) / 2) / life(role);
    u16::try_from(share).unwrap_or(cells).clamp(1, cells)
}

/// A size in one unit: `417 bytes`, `1.4 MB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (10_000, "kB")];
    match UNITS.iter().find(|(least, _)| count >= *least) {
        Some((10_000, unit)) => format!("{} {unit}", count / 1000),
        Some((least, unit)) => format!("{}.{} {unit}", count / least, count % least * 10 / least),
        None => format!("{count} bytes"),
    }
}

/// `14:02` in UTC.
#[must_use]
pub fn clock(at: Time) -> String {
    at.strftime("%H:%M").to_string()
}

/// The repository's last path segment, which is typed to confirm.
#[must_use]
pub fn short_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The host of a URL, with its port.
#[must_use]
pub fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_use_one_unit() {
        let shown = [30, 12 * MINUTE, 4 * HOUR, 13 * DAY, 236 * DAY, 1060 * DAY].map(span);
        assert_eq!(shown, ["0 min", "12 min", "4 h", "13 d", "236 d", "2.9 y"]);
    }

    #[test]
    fn a_living_role_never_shows_an_empty_bar() {
        let now = Time::UNIX_EPOCH;
        let soon = Time::from_second(HOUR).unwrap_or(now);
        assert_eq!(life_cells(now, &Role::Targets, soon, 5), 1);
        assert_eq!(life_cells(now, &Role::Targets, now, 5), 0);
    }
}
