//! The same commands, the same words, the same exit codes.

use super::lab::Lab;

/// Runs commands as both users; what they write and how they end must be the same. Behind `<` stands what is typed.
#[track_caller]
fn compare(lab: &Lab, script: &str) {
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (arguments, input) = line.split_once(" < ").map_or((line, ""), |(arguments, input)| (arguments, input));
        let input = if input.is_empty() { String::new() } else { format!("{input}\n") };
        let [docker, ours] = lab.both().map(|user| {
            let ran = user.trust(&lab.words(arguments), &input);
            (ran.code, user.plain(&ran.stdout), user.plain(&ran.stderr))
        });
        assert_eq!(ours, docker, "docker trust {line}");
    }
}

#[test]
fn keys_signers_and_tags_are_made_with_dockers_words() {
    let Some(lab) = Lab::start() else { return };
    compare(
        &lab,
        r#"
        key generate alice
        key generate alice
        key generate Bob
        key generate bob --dir /nowhere
        key generate bob --dir .
        key generate carol --dir=./
        inspect REG/team/app
        inspect --pretty REG/team/app
        revoke REG/team/app:1.0
        signer remove alice REG/team/app
        signer add --key alice.pub alice REG/team/app
        signer add --key alice.pub alice REG/team/app
        signer add --key bob.pub --key carol.pub bob REG/team/app REG/team/other
        signer add alice REG/team/app
        signer add --key alice.pub releases REG/team/app
        signer add --key alice.pub Al REG/team/app
        signer add --key nothing.pub al REG/team/app
        signer add --key bob.pub bob REG/team/App REG/team/app
        sign REG/team/app:1.0
        sign REG/team/app:1.0
        sign REG/team/app:2.0
        sign --local REG/team/app:2.0
        sign REG/team/app:missing
        sign REG/team/nowhere:missing
        sign REG/team/app
        sign REG/team/app@sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
        sign REG/team/App:1.0
        sign team:::
        inspect REG/team/app
        inspect REG/team/app:1.0 REG/team/other REG/nowhere REG/Team/x REG/team/app:nothing
        inspect --pretty REG/team/app:1.0 REG/team/other REG/nowhere REG/team/app
        revoke REG/team/app:1.0
        revoke REG/team/app:1.0
        revoke -y=false REG/team/app < n
        revoke REG/team/app < yes
        revoke REG/team/app
        revoke REG/team/app < Y
        revoke REG/team/app -y
        revoke REG/team/nowhere:1
        revoke REG/team/app@sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
        inspect --pretty REG/team/app
        signer remove dora REG/team/app REG/team/nowhere
        signer remove releases REG/team/app
        "#,
    );
}

#[test]
fn a_new_repository_gets_the_user_of_the_registry_as_its_signer() {
    let Some(lab) = Lab::start() else { return };
    lab.both().iter().for_each(|user| user.log_in(&lab.registry));
    compare(
        &lab,
        "
        sign REG/team/new:1.0
        sign REG/team/new:2.0
        inspect REG/team/new
        inspect --pretty REG/team/new
        ",
    );
    assert_eq!(lab.engine.pushed().len(), 4);
}

#[test]
fn the_last_signer_is_removed_after_dockers_question() {
    let Some(lab) = Lab::start() else { return };
    compare(
        &lab,
        "
        key generate alice
        signer add --key alice.pub alice REG/team/app
        sign REG/team/app:1.0
        signer remove alice REG/team/app < n
        signer remove alice REG/team/app
        signer remove alice REG/team/app < y
        ",
    );
    let gone = lab.ours.trust(&lab.words("inspect REG/team/app"), "").ok().json();
    assert_eq!(gone[0]["Signers"], serde_json::json!([]));
}

#[test]
fn keys_are_loaded_with_dockers_words() {
    let Some(lab) = Lab::start() else { return };
    for user in lab.both() {
        let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/input");
        for (name, mode) in [("erin-p256.pem", 0o600), ("bob-rsa2048.pem", 0o644), ("alice.pub", 0o600)] {
            use std::os::unix::fs::PermissionsExt;
            let file = user.home.path().join(name);
            std::fs::copy(fixtures.join(name), &file).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    }
    compare(
        &lab,
        "
        key load --name erin erin-p256.pem
        key load erin-p256.pem
        key load --name Erin erin-p256.pem
        key load bob-rsa2048.pem
        key load alice.pub
        key load nothing.pem
        ",
    );
    let stored = lab.ours.home.trustdeck(&["key", "list", "--json"]).ok().json();
    assert_eq!(stored[0]["role"], "erin");
}

#[test]
fn wrong_command_lines_are_refused_with_dockers_words() {
    let Some(lab) = Lab::start() else { return };
    compare(
        &lab,
        r#"
        bogus
        key bogus
        signer bogus x
        -x
        key -x
        key --bogus generate a
        inspect
        inspect --bogus x
        sign
        sign a b
        sign -x a
        sign --local=maybe a:1
        revoke
        revoke -yz a
        key generate
        key load
        key load --name
        signer add
        signer add a
        signer remove a
        signer remove --force=2 a b
        "#,
    );
}

#[test]
fn help_begins_with_dockers_help_and_says_where_it_differs() {
    let Some(lab) = Lab::start() else { return };
    let commands = ["", "inspect", "sign", "revoke", "key", "key generate", "key load", "signer", "signer add"];
    for command in commands.into_iter().chain(["signer remove"]) {
        for asked in ["--help", "-h"] {
            let words = lab.words(&format!("{command} {asked}"));
            let [docker, ours] = lab.both().map(|user| user.trust(&words, "").ok());
            let more = ours.stdout.strip_prefix(&docker.stdout);
            assert!(more.is_some(), "{command}: {}\n---\n{}", docker.stdout, ours.stdout);
            let is_group = ["key", "signer"].contains(&command);
            assert!(is_group || more.unwrap().contains("iffers"), "{command}: {more:?}");
            assert_eq!((ours.stderr, ours.code), (docker.stderr, docker.code));
        }
    }
    let group = lab.ours.trust(&[], "").ok();
    assert!(group.stderr.starts_with(&lab.docker.trust(&[], "").ok().stderr.trim_end()[..]), "{}", group.stderr);
    assert!(group.stderr.contains("trustdeck --help"));
}
