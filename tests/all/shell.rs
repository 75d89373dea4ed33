//! Completions and manual pages: they say what `--help` says, and know what this machine knows.

use std::collections::BTreeSet;
use std::process::Command;

use clap::CommandFactory;
use tempfile::TempDir;
use trustdeck::cli::Arguments;

use crate::images::lab::Lab;
use crate::support::{Terminal, run};

/// The paths of all commands, `key token import` for example.
fn paths(command: &clap::Command, path: &[&str]) -> Vec<Vec<String>> {
    let own = path.iter().map(ToString::to_string).collect();
    let below = command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help");
    let below = below.flat_map(|below| paths(below, &[path, &[below.get_name()]].concat()));
    std::iter::once(own).chain(below).collect()
}

/// Words of a text that begin with two dashes.
fn options(text: &str) -> BTreeSet<String> {
    let ends = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("--") {
        let before = text[..at].chars().next_back().unwrap_or(' ');
        let name = text[at + 2..].split(ends).next().unwrap();
        if !before.is_ascii_alphanumeric() && before != '-' && !name.is_empty() {
            found.insert(format!("--{name}"));
        }
    }
    found
}

/// The options of a help text: those that lines begin with, not those that sentences name.
fn of_help(text: &str) -> BTreeSet<String> {
    let described = text.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    described.flat_map(|line| options(line.split("  ").next().unwrap())).collect()
}

/// The same of a manual page, in whose source options are bold.
fn of_page(source: &str) -> BTreeSet<String> {
    let lines = source.lines().filter(|line| line.starts_with("\\fB\\-"));
    lines.flat_map(|line| options(&line.replace("\\-", "-").replace("\\fB", " ").replace("\\fR", " "))).collect()
}

fn completed(command: &mut Command, words: &[&str]) -> Vec<String> {
    let index = words.len().to_string();
    command.env("TRUSTDECK_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", index).args(["--", "trustdeck"]).args(words);
    run(command).ok().stdout.lines().map(str::to_owned).collect()
}

/// The program in a home, and nothing else around it.
pub fn program(home: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    command.env_clear().env("HOME", home.path());
    command
}

#[test]
fn help_manual_pages_and_completions_agree() {
    let home = TempDir::new().unwrap();
    let pages = home.path().join("man");
    run(program(&home).arg("man").arg(&pages)).ok();
    let paths = paths(&Arguments::command(), &[]);
    assert!(paths.len() > 40, "{paths:?}");
    let mut named = BTreeSet::new();
    for path in paths {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        let help = of_help(&run(program(&home).args(&words).arg("--help")).ok().stdout);
        let page = [&["trustdeck"], &words[..]].concat().join("-");
        named.insert(format!("{page}.1"));
        let source = std::fs::read_to_string(pages.join(format!("{page}.1"))).unwrap();
        assert_eq!(of_page(&source), help, "the manual page of {page}");
        let offered: BTreeSet<String> =
            completed(&mut program(&home), &[&words[..], &["--"]].concat()).into_iter().collect();
        assert_eq!(offered, help, "the completions of {page}");
        let commands = completed(&mut program(&home), &[&words[..], &[""]].concat());
        let below = run(program(&home).args(&words).arg("--help")).ok().stdout;
        let listed = below.split_once("\nCommands:\n").map_or("", |(_, list)| list.split("\n\n").next().unwrap());
        for line in listed.lines() {
            let name = line.split_whitespace().next().unwrap();
            assert!(commands.iter().any(|offered| offered == name), "{page} {name}: {commands:?}");
        }
    }
    let written: BTreeSet<String> =
        std::fs::read_dir(&pages).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let strays: Vec<_> = written.difference(&named).filter(|page| !page.contains("-help")).collect();
    assert!(strays.is_empty(), "{strays:?}");
}

#[test]
fn values_are_completed_from_what_this_machine_knows() {
    let lab = Lab::start();
    lab.trustdeck(&["inspect", "registry.sandbox/team/web"]).ok();
    let complete = |words: &[&str]| completed(&mut lab.command_alone(), words);
    assert_eq!(complete(&["inspect", "registry.sandbox/team/w"])[0], "registry.sandbox/team/web");
    let tags = complete(&["sign", "registry.sandbox/team/web:3."]);
    assert!(tags.contains(&"registry.sandbox/team/web:3.1.6".to_owned()), "{tags:?}");
    assert!(complete(&["witness", "registry.sandbox/team/web", "targets/r"]).contains(&"targets/releases".to_owned()));
    let listed = lab.trustdeck(&["key", "list", "--json"]).ok().json();
    let id = listed[0]["id"].as_str().unwrap();
    assert_eq!(complete(&["key", "export", &id[..6]]), [&id[..8]]);
    assert_eq!(complete(&["rotate", "ro"]), ["root"]);
    assert!(complete(&["rotate", ""]).contains(&"signer".to_owned()));
    assert_eq!(complete(&["rotate", "root", "--key", &id[..6]]), [&id[..8]]);
    assert_eq!(complete(&["setup", "x/y", "--signer", &format!("eve={}", &id[..6])]), [format!("eve={}", &id[..8])]);
    assert!(complete(&["tags", "--state", ""]).contains(&"unsigned".to_owned()));
    assert!(complete(&["--theme", "c"]).contains(&"colour-blind".to_owned()));
    assert_eq!(complete(&["renew", "targets/r"]), ["targets/releases"]);
    assert_eq!(complete(&["signer", "remove", "je"]), ["jeff"]);
    assert_eq!(complete(&["pick", "re"]), ["repo"]);
    assert_eq!(complete(&["pick", "tag", "registry.sandbox/team/we"]), ["registry.sandbox/team/web"]);
    let evil = ["sign", "registry.sandbox/team/web", "--target", "$(touch${IFS}pwned)", "--digest"];
    let digest = format!("sha256:{}", "a".repeat(64));
    lab.trustdeck(&[&evil[..], &[&digest, "--size", "12", "--publish", "--yes"]].concat()).ok();
    let tags = complete(&["inspect", "registry.sandbox/team/web:"]);
    assert!(tags.len() > 3 && tags.iter().all(|tag| !tag.contains('$')), "a shell would run it: {tags:?}");
    lab.trustdeck(&["witness", "registry.sandbox/team/web", "targets/jeff"]).ok();
    assert_eq!(complete(&["reset", "--change", ""]), ["2"]);
    assert_eq!(complete(&["inspect", "nowhere/x:"]), [""; 0]);
}

#[test]
fn every_shell_gets_a_script_that_asks_this_program() {
    let home = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(program(&home).args(["completions", shell])).ok().stdout;
        assert!(script.contains("TRUSTDECK_COMPLETE") && script.contains("trustdeck"), "{shell}: {script}");
    }
    let known: BTreeSet<String> = completed(&mut program(&home), &["completions", ""]).into_iter().collect();
    assert!(known.contains("elvish"), "{known:?}");
}

#[test]
fn bash_alone_completes_names_with_colons_in_them() {
    let lab = Lab::start();
    lab.trustdeck(&["inspect", "registry.sandbox/team/web"]).ok();
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_trustdeck")).parent().unwrap().display();
    let surroundings = lab.command_alone();
    let mut command = Command::new("bash");
    command.args(["--norc", "--noprofile", "-i"]).env_clear();
    command.envs(surroundings.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", format!("{bin}:/usr/bin:/bin")).env("PS1", "ready> ");
    let mut terminal = Terminal::start(&command, 120, 24);
    // As it is, and where colons divide no words.
    for (number, before) in ["", "COMP_WORDBREAKS=${COMP_WORDBREAKS//:}; "].iter().enumerate() {
        terminal.keys(&format!("{before}source <(trustdeck completions bash); echo lis''tens-{number}\r"));
        terminal.wait_for(&format!("listens-{number}"));
        let web = "registry.sandbox/team/web";
        for (typed, completed) in [
            (format!("{web}:3.0"), format!("sign {web}:3.0.9")),
            (format!("{web}:3.1.6 {web}:l"), format!("sign {web}:3.1.6 {web}:latest")),
            ("registry.sandbox/team/we".to_owned(), format!("sign {web}:")),
        ] {
            terminal.keys(&format!("trustdeck sign {typed}\t"));
            terminal.wait_for(&completed);
            // Takes the line away.
            terminal.keys("\u{15}");
        }
    }
}

#[test]
fn a_word_that_is_no_command_is_told_what_was_meant() {
    let home = TempDir::new().unwrap();
    for (words, told) in [
        (&["publsh"][..], "did you mean trustdeck publish?"),
        (&["Publish"], "did you mean trustdeck publish?"),
        (&["login"], "docker login"),
        (&["trust"], "the commands of docker trust stand by themselves"),
        (&["trust", "inspect", "alpine"], "the commands of docker trust stand by themselves"),
        (&["apline", "status"], "put it behind the command"),
        (&["alpine"], "trustdeck docker.io/library/alpine"),
        (&["alpine:3"], "trustdeck inspect alpine:3"),
    ] {
        let refused = run(program(&home).args(words));
        assert_eq!(refused.code, 2, "{words:?}: {}", refused.stderr);
        assert!(refused.stderr.contains(told), "{words:?}: {}", refused.stderr);
    }
}
