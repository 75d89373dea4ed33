//! A server that shows something else each time it is asked.

use std::sync::Arc;

use super::commands::GUN;
use super::support::front::Front;
use super::support::home::{Home, digest};
use super::support::{NotaryServer, Ran};

/// A repository on a plain server, a colleague who reads it through a front, and his hand-over file.
struct Handed {
    server: NotaryServer,
    front: Front,
    home: Arc<Home>,
    colleague: Home,
    file: String,
}

fn run(home: &Home, arguments: &[&str]) -> Ran {
    home.publish(&[&["--insecure-http"], arguments].concat())
}

fn sign(home: &Home, tag: &str) {
    sign_in(home, GUN, tag);
}

fn sign_in(home: &Home, gun: &str, tag: &str) {
    let (tag, digest) = (format!("{gun}:{tag}"), format!("sha256:{}", digest(tag)));
    run(home, &["sign", &tag, "--digest", &digest, "--size", "1234"]).ok();
}

/// Another repository.
const OTHER: &str = "registry.example.test/team/other";

impl Handed {
    fn start() -> Option<Self> {
        Self::with(&[GUN])
    }

    /// The same with these repositories.
    fn with(guns: &[&str]) -> Option<Self> {
        let server = NotaryServer::start_plain()?;
        let front = Front::start(server.port);
        let (home, colleague) = (Home::at(&server.url, &server.ca), Home::at(&front.url, &server.ca));
        run(&home, &["setup", GUN, "--signer", "jeff"]).ok();
        guns[1..].iter().for_each(|gun| drop(run(&home, &["setup", gun, "--signer", "jeff=jeff"]).ok()));
        guns.iter().for_each(|gun| sign_in(&home, gun, "1.0"));
        let (public, file) = (colleague.generate_key("jeff"), home.path().join("jeff.json"));
        let file = file.to_str().unwrap().to_owned();
        let rotate = [&["rotate", "signer", "jeff"], guns, &["--key", &public, "--hand-over", &file]].concat();
        run(&home, &rotate).ok();
        Some(Self { server, front, home: Arc::new(home), colleague, file })
    }

    fn uploads(&self) -> usize {
        self.server.requests().iter().filter(|request| request.method == "POST").count()
    }
}

#[test]
fn what_a_server_shows_after_all_was_shown_is_not_taken_over() {
    let Some(handed) = Handed::start() else { return };
    for before in [1, 2, 3] {
        let (home, tag) = (Arc::clone(&handed.home), format!("6.{before}"));
        let uploads = handed.uploads();
        let late = tag.clone();
        handed.front.turn("timestamp.json", before, move || sign(&home, &late));
        let refused = run(&handed.colleague, &["rotate", "take-over", &handed.file, "--accept"]).ended(7);
        assert!(refused.stderr.contains("was not signed"), "{before}: {}", refused.stderr);
        assert_eq!(handed.uploads(), uploads + 1, "{before}: that of the other alone");
        let staged = handed.colleague.trustdeck(&["status"]).ok().stdout;
        assert!(!staged.contains("re-sign"), "{before}: {staged}");
    }
    run(&handed.colleague, &["rotate", "take-over", &handed.file, "--accept"]).ok();
}

#[test]
fn a_repository_that_cannot_be_shown_is_not_taken_over() {
    let Some(handed) = Handed::start() else { return };
    handed.colleague.trustdeck(&["--insecure-http", "inspect", GUN]).ok();
    let uploads = handed.uploads();
    handed.front.fail_at("tuf/targets.");
    let front = handed.front.clone();
    handed.front.turn("timestamp.json", 1, move || front.fail_at("no such path"));
    let refused = run(&handed.colleague, &["rotate", "take-over", &handed.file]);
    assert_ne!(refused.code, 0, "{}", refused.stderr);
    assert_eq!(handed.uploads(), uploads, "{}", refused.stderr);
}

#[test]
fn one_repository_that_cannot_be_shown_keeps_no_other_from_being_taken_over() {
    let Some(handed) = Handed::with(&[GUN, OTHER]) else { return };
    let uploads = handed.uploads();
    handed.front.fail_at("team/other/_trust");
    let taken = run(&handed.colleague, &["rotate", "take-over", &handed.file, "--accept"]).ended(9);
    assert!(taken.stderr.contains(&format!("{GUN}: done: take over")), "{}", taken.stderr);
    assert!(taken.stderr.contains("500") && !taken.stderr.contains(&format!("{OTHER}: done")), "{}", taken.stderr);
    assert_eq!(handed.uploads(), uploads + 1);
    // What was left out is taken over once it can be shown.
    handed.front.fail_at("no such path");
    let rest = run(&handed.colleague, &["rotate", "take-over", &handed.file, "--accept"]).ok();
    assert!(rest.stderr.contains(&format!("{OTHER}: done: take over")), "{}", rest.stderr);
    assert_eq!(handed.uploads(), uploads + 2);
}

#[test]
fn what_cannot_be_shown_is_named_where_the_rest_was_not_accepted_either() {
    let Some(handed) = Handed::with(&[GUN, OTHER]) else { return };
    handed.front.fail_at("team/other/_trust");
    let refused = run(&handed.colleague, &["rotate", "take-over", &handed.file]).ended(9);
    let says = |text: &str| refused.stderr.contains(text);
    assert!(says(&format!("{GUN} is new to this machine")) && says("500") && says(OTHER), "{}", refused.stderr);
}

#[test]
fn one_repository_that_the_server_shows_otherwise_keeps_no_other_from_being_taken_over() {
    for before in [1, 2, 3] {
        let Some(handed) = Handed::with(&[GUN, OTHER]) else { return };
        let (home, uploads) = (Arc::clone(&handed.home), handed.uploads());
        handed.front.turn("team/app/_trust/tuf/timestamp.json", before, move || sign(&home, "6.0"));
        let taken = run(&handed.colleague, &["rotate", "take-over", &handed.file, "--accept"]).ended(9);
        assert!(taken.stderr.contains(&format!("{GUN} was not signed")), "{before}: {}", taken.stderr);
        assert!(taken.stderr.contains(&format!("{OTHER}: done: take over")), "{before}: {}", taken.stderr);
        assert!(!taken.stderr.contains("nothing was signed"), "{before}: {}", taken.stderr);
        assert_eq!(handed.uploads(), uploads + 2, "{before}: that of the other, and one");
        let staged = handed.colleague.trustdeck(&["status"]).ok().stdout;
        assert!(!staged.contains("re-sign"), "{before}: {staged}");
    }
}
