//! What each member of `config.toml` is, in words: a mistake is told as what was expected, not as a type of the program.

use std::fmt;
use std::ops::RangeInclusive;

use toml::{Table, Value};

/// A whole number and what it counts.
pub(super) struct Number {
    range: RangeInclusive<i64>,
    of: &'static str,
}

/// `timeout` of `servers`.
pub(super) const TIMEOUT: Number = Number { range: 1..=3600, of: "whole seconds" };
/// `parallel_requests` of `servers`.
pub(super) const PARALLEL: Number = Number { range: 1..=64, of: "a whole number" };
/// `idle_lock_minutes`.
pub(super) const IDLE_LOCK: Number = Number { range: 1..=24 * 60, of: "whole minutes" };

impl Number {
    pub(super) fn holds(&self, number: i64) -> bool {
        self.range.contains(&number)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} to {}", self.of, self.range.start(), self.range.end())
    }
}

/// What a member holds.
enum Holds {
    Text(&'static str),
    Texts(&'static str),
    TextOrTexts(&'static str),
    Flag,
    Number(&'static Number),
    /// A table, and what its members are.
    Table(fn(&str) -> Holds),
}

impl Holds {
    /// What is wrong with a value of it, each mistake with the name of its member.
    fn mistakes(&self, name: &str, value: &Value) -> Vec<(String, String)> {
        let are_texts = |value: &Value| value.as_array().is_some_and(|all| all.iter().all(Value::is_str));
        let (is_good, expected) = match self {
            Self::Text(what) => (value.is_str(), format!("{what} in quotes")),
            Self::Texts(what) => (are_texts(value), format!("{what} in quotes, in [ ]")),
            Self::TextOrTexts(what) => {
                (value.is_str() || are_texts(value), format!("{what} in quotes, or several in [ ]"))
            }
            Self::Flag => (value.is_bool(), "true or false".to_owned()),
            Self::Number(number) => (value.as_integer().is_some_and(|n| number.holds(n)), number.to_string()),
            Self::Table(of) => match value.as_table() {
                Some(table) => return table.iter().flat_map(|(name, value)| of(name).mistakes(name, value)).collect(),
                None => (false, format!("a table: a line [{name}], and its members below")),
            },
        };
        let told = || (name.to_owned(), format!("{name} is {}, expected {expected}", written(value)));
        (!is_good).then(told).into_iter().collect()
    }
}

/// A value as it is written; what would be long by its kind.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(_) => "a date".to_owned(),
        Value::Array(_) => "a list of something else".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}

fn member(name: &str) -> Option<Holds> {
    const KEY: &str = "a key such as \"ctrl-x\"";
    Some(match name {
        "trust_dir" | "pkcs11_module" => Holds::Text("a path"),
        "ca" => Holds::TextOrTexts("a path"),
        "theme" => Holds::Text("the name of a theme"),
        "insecure_registries" | "allow_realm" => Holds::Texts("names of hosts"),
        "mouse" | "read_only" => Holds::Flag,
        "idle_lock_minutes" => Holds::Number(&IDLE_LOCK),
        "registries" => Holds::Table(|_| Holds::Text("the address of a registry")),
        "colours" | "colors" => Holds::Table(|_| Holds::Text("a colour")),
        "keys" => Holds::Table(|_| Holds::TextOrTexts(KEY)),
        "servers" => Holds::Table(of_servers),
        _ => return None,
    })
}

fn of_servers(name: &str) -> Holds {
    match name {
        "timeout" => Holds::Number(&TIMEOUT),
        "parallel_requests" => Holds::Number(&PARALLEL),
        "read_only" => Holds::Texts("names of servers"),
        _ => Holds::Text("the address of a server, such as https://notary.example.com,"),
    }
}

/// Says which member of a configuration that reads as TOML holds what it must not, that of this line before others.
pub(super) fn wrong(text: &str, line: &str) -> Option<String> {
    let whole: Table = toml::from_str(text).ok()?;
    let mistakes = whole.iter().filter_map(|(name, value)| Some(member(name)?.mistakes(name, value)));
    let mut mistakes: Vec<(String, String)> = mistakes.flatten().collect();
    mistakes.sort_by_key(|(name, _)| !line.contains(name.as_str()));
    mistakes.into_iter().next().map(|(_, told)| told)
}
