//! The commands of `docker trust`: their options, and what their help says.

use super::options::{Help, PluginOption, Takes};

/// A command, or a group of commands.
pub(super) struct PluginCommand {
    /// The words that name it, behind `docker trust`.
    pub(super) path: &'static [&'static str],
    /// What its usage line says behind them, blanks included.
    usage: &'static str,
    about: &'static str,
    options: &'static str,
    pub(super) known: &'static [PluginOption],
    pub(super) takes: Words,
    /// Where it differs from Docker's.
    differs: &'static str,
    pub(super) run: Run,
}

/// Which function runs a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    Group,
    Inspect,
    Sign,
    Revoke,
    Generate,
    Load,
    Add,
    Remove,
}

/// How many words a command takes.
#[derive(Clone, Copy)]
pub(super) enum Words {
    Exactly(usize),
    AtLeast(usize),
}

const fn flag(long: &'static str, short: Option<char>) -> PluginOption {
    PluginOption { long, short, takes: Takes::Nothing }
}

const fn text(long: &'static str) -> PluginOption {
    PluginOption { long, short: None, takes: Takes::Text }
}

const TOP: &str = "
Management Commands:
  key         Manage keys for signing Docker images
  signer      Manage entities who can sign Docker images

Commands:
  inspect     Return low-level information about keys and signatures
  revoke      Remove trust for an image
  sign        Sign an image
";

const KEY: &str = "
Commands:
  generate    Generate and load a signing key-pair
  load        Load a private key file for signing
";

const SIGNER: &str = "
Commands:
  add         Add a signer
  remove      Remove a signer
";

const PUBLISHES: &str = "
Differs from Docker's own: what is published is read back as a client with an
empty cache before it is called done; what would make tags unpullable is
refused; changes that trustdeck has staged for the same repository are never
published or dropped on the way.
";

/// All commands; groups before what is in them.
pub(super) const COMMANDS: &[PluginCommand] = &[
    PluginCommand {
        path: &[],
        usage: "COMMAND",
        about: "Manage trust on Docker images",
        options: TOP,
        known: &[],
        takes: Words::AtLeast(0),
        differs: "
This is trustdeck in the place of the command that Docker has dropped. It
differs: signer remove removes; TLS is checked for localhost too; nothing that
notary has staged is thrown away; a repository whose root is replaced without a
signature of the old one is refused. For more (several repositories at once,
plans to review, rotations, backups, hardware keys, a screen), see
trustdeck --help.
",
        run: Run::Group,
    },
    PluginCommand {
        path: &["inspect"],
        usage: "IMAGE[:TAG] [IMAGE[:TAG]...]",
        about: "Return low-level information about keys and signatures",
        options: "
Options:
      --pretty   Print the information in a human friendly format
",
        known: &[flag("pretty", None)],
        takes: Words::AtLeast(1),
        differs: "
Differs from Docker's own: tags outside the paths of their role are left out;
old data is said to be old. With more to see: trustdeck inspect, trustdeck
tags.
",
        run: Run::Inspect,
    },
    PluginCommand {
        path: &["revoke"],
        usage: "[OPTIONS] IMAGE[:TAG]",
        about: "Remove trust for an image",
        options: "
Options:
  -y, --yes   Do not prompt for confirmation
",
        known: &[flag("yes", Some('y'))],
        takes: Words::Exactly(1),
        differs: PUBLISHES,
        run: Run::Revoke,
    },
    PluginCommand {
        path: &["sign"],
        usage: "IMAGE:TAG",
        about: "Sign an image",
        options: "
Options:
      --local   Sign a locally tagged image
",
        known: &[flag("local", None)],
        takes: Words::Exactly(1),
        differs: "
Differs from Docker's own: whether a key can sign is looked at before the image
is pushed, and what is signed must be what the registry holds after the push,
whose progress comes line by line. To sign what a registry holds without an
engine, also an index of several platforms: trustdeck sign IMAGE:TAG --publish.
",
        run: Run::Sign,
    },
    PluginCommand {
        path: &["key"],
        usage: "COMMAND",
        about: "Manage keys for signing Docker images",
        options: KEY,
        known: &[],
        takes: Words::AtLeast(0),
        differs: "",
        run: Run::Group,
    },
    PluginCommand {
        path: &["key", "generate"],
        usage: "NAME",
        about: "Generate and load a signing key-pair",
        options: "
Options:
      --dir string   Directory to generate key in, defaults to current
                     directory
",
        known: &[text("dir")],
        takes: Words::Exactly(1),
        differs: "
Differs from Docker's own: a passphrase from a variable needs 8 characters too.
RSA, tokens and backups: trustdeck key --help.
",
        run: Run::Generate,
    },
    PluginCommand {
        path: &["key", "load"],
        usage: "[OPTIONS] KEYFILE",
        about: "Load a private key file for signing",
        options: "
Options:
      --name string   Name for the loaded key (default \"signer\")
",
        known: &[text("name")],
        takes: Words::Exactly(1),
        differs: "
Differs from Docker's own: encrypted keys are opened and stored, where Docker
said that it had imported them and stored nothing. Backups and archives:
trustdeck key restore.
",
        run: Run::Load,
    },
    PluginCommand {
        path: &["signer"],
        usage: "COMMAND",
        about: "Manage entities who can sign Docker images",
        options: SIGNER,
        known: &[],
        takes: Words::AtLeast(0),
        differs: "",
        run: Run::Group,
    },
    PluginCommand {
        path: &["signer", "add"],
        usage: "OPTIONS NAME REPOSITORY [REPOSITORY...] ",
        about: "Add a signer",
        options: "
Options:
      --key list   Path to the signer's public key file
",
        known: &[text("key")],
        takes: Words::AtLeast(2),
        differs: PUBLISHES,
        run: Run::Add,
    },
    PluginCommand {
        path: &["signer", "remove"],
        usage: "[OPTIONS] NAME REPOSITORY [REPOSITORY...]",
        about: "Remove a signer",
        options: "
Options:
  -f, --force   Do not prompt for confirmation before removing the most
                recent signer
",
        known: &[flag("force", Some('f'))],
        takes: Words::AtLeast(2),
        differs: "
Differs from Docker's own: the signer is removed, also one with a certificate,
where Docker removed only the last who had signed. Where a key that stays is
here, the released tags are signed again with it, and nothing is asked;
Docker's question comes where nobody could pull them afterwards. Before it is
done, what becomes of every tag: trustdeck signer remove, then trustdeck
publish --dry-run.
",
        run: Run::Remove,
    },
];

impl PluginCommand {
    /// The one whose path is the longest that `words` begin with.
    pub(super) fn find(words: &[String]) -> Option<&'static Self> {
        let begins =
            |command: &&Self| command.path.len() <= words.len() && command.path.iter().zip(words).all(|(a, b)| a == b);
        COMMANDS.iter().filter(begins).max_by_key(|command| command.path.len())
    }

    /// `docker trust sign`, where `docker` is `docker trust`.
    fn called(&self, docker: &str) -> String {
        std::iter::once(docker).chain(self.path.iter().copied()).collect::<Vec<_>>().join(" ")
    }

    /// What `--help` prints.
    pub(super) fn help(&self, docker: &str, how: Help) -> String {
        let called = self.called(docker);
        let deprecated = match how {
            Help::Long => "",
            Help::Short => "Flag shorthand -h has been deprecated, use --help\n",
        };
        let more = match self.run {
            Run::Group => format!("\nRun '{called} COMMAND --help' for more information on a command.\n"),
            _ => String::new(),
        };
        let Self { usage, about, options, differs, .. } = self;
        format!("{deprecated}Usage:  {called} {usage}\n\n{about}\n{options}{more}{differs}")
    }

    /// What is wrong with an option.
    pub(super) fn wrong_option(&self, docker: &str, what: &str) -> String {
        let called = self.called(docker);
        let usage = if self.run == Run::Group { called.clone() } else { format!("{called} {}", self.usage) };
        format!("{what}\n\nUsage:  {usage}\n\nRun '{called} --help' for more information\n")
    }

    /// What is wrong with a word in the place of a command.
    pub(super) fn unknown(&self, docker: &str, word: &str) -> String {
        let called = self.called(docker);
        format!(
            "docker: unknown command: {called} {word}\n\nUsage:  {called}\n\nRun '{called} --help' for more information\n"
        )
    }

    /// Docker's sentence, if there are too few or too many words.
    pub(super) fn wrong_count(&self, docker: &str, count: usize) -> Option<String> {
        let (number, least, see) = match self.takes {
            Words::Exactly(number) if count != number => (number, "", "Run"),
            Words::AtLeast(number) if count < number => (number, "at least ", "See"),
            _ => return None,
        };
        let (called, plural) = (self.called(docker), if number == 1 { "" } else { "s" });
        Some(format!(
            "docker: '{called}' requires {least}{number} argument{plural}\n\nUsage:  {called} {}\n\n{see} '{called} --help' \
             for more information\n",
            self.usage
        ))
    }
}
