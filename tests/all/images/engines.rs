//! `pull` and `push`: the part of the engine is played, the registry and the trust server are real.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use super::real::World;
use crate::support::image::{DOCKER_MANIFEST, Image};
use crate::support::{Engine, NOBODYS_PORT, Ran, run};

/// Programs that stand before all others and write down what they are asked for.
struct Played<'w> {
    world: &'w World,
    bin: PathBuf,
}

impl<'w> Played<'w> {
    fn new(world: &'w World) -> Self {
        let bin = world.home.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        Self { world, bin }
    }

    /// A program that does this after it has written down its arguments.
    fn program(&self, name: &str, script: &str) {
        let file = self.bin.join(name);
        let log = self.bin.join("asked");
        std::fs::write(&file, format!("#!/bin/sh\necho \"{name} $*\" >> {}\n{script}\n", log.display())).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.home.trustdeck_command(arguments);
        command.env("PATH", format!("{}:/usr/bin:/bin", self.bin.display()));
        command
    }

    #[track_caller]
    fn trustdeck(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments))
    }

    fn asked(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.bin.join("asked")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }
}

fn signed(world: &World) -> Image {
    let image = Image::new(DOCKER_MANIFEST, &[b"layer"]);
    world.push("1.0", &image);
    world.push("edge", &Image::new(DOCKER_MANIFEST, &[b"nobody's"]));
    world.home.trustdeck(&["sign", &world.image("1.0"), "--publish", "--yes"]).ok();
    image
}

#[test]
fn a_pull_goes_by_the_signed_digest_and_is_tagged_afterwards() {
    let Some(world) = World::start() else { return };
    let image = signed(&world);
    world.push("1.0", &Image::new(DOCKER_MANIFEST, &[b"pushed since"]));
    let played = Played::new(&world);
    played.program("docker", "");
    let reference = format!("{}@{}", world.gun, image.digest());
    let pulled = played.trustdeck(&["pull", &world.image("1.0")]).ok();
    assert_eq!(pulled.stdout, format!("{reference}\n"));
    let said = format!("Pull (1 of 1): {}@{}\nTagging {reference} as {0}", world.image("1.0"), image.digest());
    assert!(pulled.stderr.contains(&said), "{}", pulled.stderr);
    let tagged = format!("docker tag {reference} {}", world.image("1.0"));
    assert_eq!(played.asked(), [format!("docker pull {reference}"), tagged]);
}

#[test]
fn nothing_is_pulled_that_nobody_has_signed() {
    let Some(world) = World::start() else { return };
    signed(&world);
    let played = Played::new(&world);
    played.program("docker", "");
    let refused = played.trustdeck(&["pull", &world.image("edge")]);
    assert!(refused.code != 0 && refused.stderr.contains("is not signed in targets/releases"), "{refused:?}");
    assert_eq!(played.asked(), [""; 0]);
    let one_of_two = played.trustdeck(&["pull", &world.image("edge"), &world.image("1.0")]).ended(9);
    assert!(one_of_two.stderr.contains("is not signed"), "{one_of_two:?}");
    assert_eq!(played.asked().len(), 2);
}

#[test]
fn what_is_relied_on_from_the_cache_alone_is_told_and_ends_with_five() {
    let Some(world) = World::start() else { return };
    let image = signed(&world);
    world.home.trustdeck(&["resolve", &world.image("1.0")]).ok();
    let played = Played::new(&world);
    played.program("docker", "");
    let gone = format!("https://localhost:{NOBODYS_PORT}");
    for command in ["resolve", "verify", "pull"] {
        let stale = played.trustdeck(&["--server", &gone, command, &world.image("1.0")]).ended(5);
        assert!(stale.stderr.contains("shown from this machine's cache"), "{command}: {}", stale.stderr);
        assert!(stale.stdout.contains(&image.digest()), "{command}: {}", stale.stdout);
    }
}

#[test]
fn nothing_is_pushed_that_nobody_here_can_sign() {
    let Some(world) = World::start() else { return };
    signed(&world);
    std::fs::remove_dir_all(world.home.trust_dir().join("private")).unwrap();
    let played = Played::new(&world);
    played.program("podman", "");
    let refused = played.trustdeck(&["push", "--with", "podman", "--yes", &world.image("2.0")]);
    assert!(refused.code != 0, "{}", refused.stdout);
    assert_eq!(played.asked(), [""; 0], "{}", refused.stderr);
}

#[test]
fn an_engine_that_fails_is_a_failure_and_nothing_is_tagged() {
    let Some(world) = World::start() else { return };
    let image = signed(&world);
    let played = Played::new(&world);
    played.program("podman", "echo 'no space left' >&2; exit 125");
    let failed = played.trustdeck(&["pull", "--with", "podman", &world.image("1.0")]).ended(1);
    assert!(failed.stderr.contains("no space left") && failed.stderr.contains("podman ended with"), "{failed:?}");
    assert_eq!(played.asked(), [format!("podman pull {}@{}", world.gun, image.digest())]);
    let failed = played.trustdeck(&["push", "--with", "podman", "--yes", &world.image("2.0")]).ended(1);
    assert!(failed.stderr.contains("no space left"), "{failed:?}");
}

#[test]
fn where_docker_has_no_daemon_podman_is_named_if_it_is_installed() {
    let Some(world) = World::start() else { return };
    signed(&world);
    let played = Played::new(&world);
    played.program("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1");
    played.program("podman", "");
    let failed = played.trustdeck(&["pull", &world.image("1.0")]).ended(1);
    assert!(failed.stderr.contains("--with podman"), "{failed:?}");
    played.program("docker", "test \"$1\" = version || exit 1");
    let failed = played.trustdeck(&["pull", &world.image("1.0")]).ended(1);
    assert!(!failed.stderr.contains("--with podman"), "{failed:?}");
}

#[test]
fn a_push_signs_what_docker_says_that_it_has_pushed() {
    let Some(world) = World::start() else { return };
    let image = Image::new(DOCKER_MANIFEST, &[b"layer"]);
    world.push("2.0", &image);
    let engine = Engine::start(world.home.path(), &image.manifest);
    let push = |image: &str| {
        let mut command = world.home.trustdeck_command(&["push", image, "--yes"]);
        run(command.env("DOCKER_HOST", &engine.host))
    };
    let pushed = push(&world.image("2.0")).ok();
    assert!(pushed.stderr.contains("2.0: digest: sha256:"), "what docker says is handed on: {}", pushed.stderr);
    assert_eq!(engine.pushed(), [world.image("2.0")]);
    let shown = world.home.docker(&["inspect", &world.gun]).ok().json();
    assert_eq!(format!("sha256:{}", shown[0]["SignedTags"][0]["Digest"].as_str().unwrap()), image.digest());

    world.push("3.0", &Image::new(DOCKER_MANIFEST, &[b"somebody else was faster"]));
    let other = push(&world.image("3.0")).ended(1);
    assert!(other.stderr.contains("was pushed"), "{other:?}");
    assert!(!world.home.docker(&["inspect", &world.gun]).ok().stdout.contains("3.0"));
}

#[test]
fn a_push_by_podman_signs_what_its_digest_file_says() {
    let Some(world) = World::start() else { return };
    let image = Image::new(DOCKER_MANIFEST, &[b"layer"]);
    world.push("2.0", &image);
    let played = Played::new(&world);
    played.program("podman", &format!("printf %s {} > \"$3\"", image.digest()));
    played.trustdeck(&["push", "--with", "podman", "--yes", &world.image("2.0")]).ok();
    assert!(world.home.docker(&["inspect", &world.gun]).ok().stdout.contains("2.0"));
    played.program("podman", "");
    let silent = played.trustdeck(&["push", "--with", "podman", "--yes", &world.image("2.0")]).ended(2);
    assert!(silent.stderr.contains("podman does not say what it pushed"), "{silent:?}");
}

/// The shell part of the recipe for CI in the README.
fn recipe() -> String {
    let readme = include_str!("../../../README.md");
    let (_, after) = readme.split_once("In CI, in any shell:").unwrap();
    let lines = after.lines().skip_while(|line| line.is_empty());
    let indented = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
    indented.map(|line| format!("{}\n", line.trim_start_matches("    "))).collect()
}

#[test]
fn the_recipe_for_ci_pushes_signs_and_verifies() {
    let Some(world) = World::start() else { return };
    let image = Image::new(DOCKER_MANIFEST, &[b"layer"]);
    world.push("2.0", &image);
    let engine = Engine::start(world.home.path(), &image.manifest);
    // A machine that knows nothing: its key comes out of a secret.
    let key = crate::support::run(world.home.trustdeck_command(&["key", "list", "--json"]).env("LC_ALL", "C")).json();
    let alice = key.as_array().unwrap().iter().find(|key| key["role"] == "alice").unwrap();
    let exported = world.home.trustdeck(&["key", "export", alice["id"].as_str().unwrap()]).ok().stdout;
    let runner = world.another_home();
    let mut shell = runner.command("sh");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_trustdeck")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    shell.args(["-euc", &recipe()]).env("PATH", format!("{}:{path}", program.display()));
    shell.env("DOCKER_HOST", &engine.host).env("IMAGE", world.image("2.0")).env("SIGNER_KEY", exported);
    let ran = run(&mut shell).ok();
    assert!(ran.stdout.contains(&format!("{}@{}", world.gun, image.digest())), "{ran:?}");
    assert!(world.home.docker(&["inspect", &world.gun]).ok().stdout.contains("2.0"));
}
