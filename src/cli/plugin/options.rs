//! Options as Docker's commands read them, with Docker's words about what is wrong.
//!
//! Source: pflag, as docker 28.2.2 uses it. Scripts know these words, so no other reader of options would do.

/// An option of a command.
pub(super) struct PluginOption {
    pub(super) long: &'static str,
    pub(super) short: Option<char>,
    pub(super) takes: Takes,
}

/// What follows an option.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    Text,
}

/// A command line that was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// What is no option.
    pub(super) words: Vec<String>,
    options: Vec<(&'static str, String)>,
    /// Whether help was asked for; the short form is said to be deprecated.
    pub(super) help: Option<Help>,
}

/// How help was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Help {
    Long,
    Short,
}

impl Given {
    /// Whether an option that takes nothing is on.
    pub(super) fn is_set(&self, long: &str) -> bool {
        self.text(long).is_some_and(|value| truth(value) == Some(true))
    }

    /// The value that an option was given last.
    pub(super) fn text(&self, long: &str) -> Option<&str> {
        self.all(long).last()
    }

    /// All values that an option was given.
    pub(super) fn all(&self, long: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.options.iter().filter(move |(name, _)| *name == long).map(|(_, value)| value.as_str())
    }
}

/// Reads options and words, which may stand in any order.
///
/// # Errors
/// Docker's sentence about the first option that is wrong.
pub(super) fn read(known: &'static [PluginOption], arguments: &[String]) -> Result<Given, String> {
    let mut given = Given::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            given.words.extend(rest.by_ref().cloned());
        } else if let Some(long) = argument.strip_prefix("--") {
            read_long(known, long, &mut rest, &mut given)?;
        } else if argument.len() > 1 && argument.starts_with('-') {
            read_short(known, argument, &mut rest, &mut given)?;
        } else {
            given.words.push(argument.clone());
        }
    }
    Ok(given)
}

type Rest<'a> = std::slice::Iter<'a, String>;

fn read_long(known: &'static [PluginOption], text: &str, rest: &mut Rest<'_>, given: &mut Given) -> Result<(), String> {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value.to_owned())));
    let Some(option) = known.iter().find(|option| option.long == name) else {
        if name == "help" {
            given.help.get_or_insert(Help::Long);
            return Ok(());
        }
        return Err(format!("unknown flag: --{name}"));
    };
    let value = match (option.takes, value) {
        (Takes::Nothing, value) => checked(option, value.unwrap_or_else(|| "true".to_owned()))?,
        (Takes::Text, Some(value)) => value,
        (Takes::Text, None) => rest.next().cloned().ok_or_else(|| format!("flag needs an argument: --{name}"))?,
    };
    given.options.push((option.long, value));
    Ok(())
}

/// Several short options may share one dash; the first that takes a text takes what follows it.
fn read_short(
    known: &'static [PluginOption],
    argument: &str,
    rest: &mut Rest<'_>,
    given: &mut Given,
) -> Result<(), String> {
    let mut letters = argument.strip_prefix('-').unwrap_or(argument);
    while let Some(letter) = letters.chars().next() {
        let after = letters.get(letter.len_utf8()..).unwrap_or_default();
        let Some(option) = known.iter().find(|option| option.short == Some(letter)) else {
            if letter == 'h' {
                given.help = Some(Help::Short);
                return Ok(());
            }
            return Err(format!("unknown shorthand flag: '{letter}' in -{letters}"));
        };
        let (value, next) = match (option.takes, after.strip_prefix('=')) {
            (Takes::Nothing, Some(value)) => (checked(option, value.to_owned())?, ""),
            (Takes::Nothing, None) => ("true".to_owned(), after),
            (Takes::Text, Some(value)) => (value.to_owned(), ""),
            (Takes::Text, None) if !after.is_empty() => (after.to_owned(), ""),
            (Takes::Text, None) => {
                let missing = || format!("flag needs an argument: '{letter}' in -{letters}");
                (rest.next().cloned().ok_or_else(missing)?, "")
            }
        };
        given.options.push((option.long, value));
        letters = next;
    }
    Ok(())
}

fn checked(option: &PluginOption, value: String) -> Result<String, String> {
    if truth(&value).is_some() {
        return Ok(value);
    }
    let name = match option.short {
        Some(short) => format!("-{short}, --{}", option.long),
        None => format!("--{}", option.long),
    };
    Err(format!("invalid argument {value:?} for {name:?} flag: strconv.ParseBool: parsing {value:?}: invalid syntax"))
}

fn truth(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    const KNOWN: &[PluginOption] = &[
        PluginOption { long: "yes", short: Some('y'), takes: Takes::Nothing },
        PluginOption { long: "key", short: Some('k'), takes: Takes::Text },
    ];

    fn reading(line: &str) -> Result<Given, String> {
        read(KNOWN, &line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_and_words_stand_in_any_order() {
        let given = reading("a --key one -y b -ktwo --key=three -- --yes").unwrap();
        assert_eq!(given.words, ["a", "b", "--yes"]);
        assert_eq!(given.all("key").collect::<Vec<_>>(), ["one", "two", "three"]);
        assert!(given.is_set("yes") && !reading("-y=false").unwrap().is_set("yes"));
        assert!(!reading("--yes --yes=0").unwrap().is_set("yes"));
        assert_eq!(reading("-yk x").unwrap().text("key"), Some("x"));
    }

    #[test]
    fn what_is_wrong_is_said_in_dockers_words() {
        for (line, words) in [
            ("--bogus", "unknown flag: --bogus"),
            ("-x", "unknown shorthand flag: 'x' in -x"),
            ("-yz", "unknown shorthand flag: 'z' in -z"),
            ("--key", "flag needs an argument: --key"),
            ("-k", "flag needs an argument: 'k' in -k"),
            (
                "--yes=foo",
                "invalid argument \"foo\" for \"-y, --yes\" flag: strconv.ParseBool: parsing \"foo\": invalid syntax",
            ),
        ] {
            assert_eq!(reading(line), Err(words.to_owned()), "{line}");
        }
    }

    #[test]
    fn help_is_no_option_of_a_command() {
        assert_eq!(reading("--help").unwrap().help, Some(Help::Long));
        assert_eq!(reading("-h").unwrap().help, Some(Help::Short));
        assert_eq!(reading("a").unwrap().help, None);
    }
}
