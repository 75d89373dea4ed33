//! What a command costs: connections, requests, key files that are opened. Counted, for time depends on the machine.

use std::time::Duration;

use rustix::fs::inotify;

use crate::interop::{GUN, sign_arguments};
use crate::support::{Home, NotaryServer, Proxy};

struct Counted {
    server: NotaryServer,
    proxy: Proxy,
}

impl Counted {
    fn home(&self) -> Home {
        Home::at(&self.proxy.url(), &self.server.ca)
    }

    /// Connections and requests of some work.
    fn of(&self, work: impl FnOnce()) -> (usize, usize) {
        let before = (self.proxy.connections(), self.server.requests().len());
        work();
        (self.proxy.connections() - before.0, self.server.requests().len() - before.1)
    }
}

/// Key files of a directory that are opened by some work, as often as they are.
fn opened(dir: &std::path::Path, work: impl FnOnce()) -> Vec<String> {
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&watch, dir, inotify::WatchFlags::OPEN).unwrap();
    work();
    let mut buffer = [std::mem::MaybeUninit::uninit(); 16 * 1024];
    let mut events = inotify::Reader::new(&watch, &mut buffer);
    let named = std::iter::from_fn(|| events.next().ok().map(|event| event.file_name().map(ToOwned::to_owned)));
    named.flatten().map(|name| name.to_string_lossy().into_owned()).filter(|name| name.ends_with(".key")).collect()
}

#[test]
fn connections_and_requests_of_a_command_stay_few() {
    let Some(server) = NotaryServer::start() else { return };
    let proxy = Proxy::start(server.port, Duration::ZERO);
    let counted = Counted { server, proxy };
    let owner = counted.home();
    let key = owner.generate_key("alice");
    owner.docker(&["signer", "add", "--key", &key, "alice", GUN]).ok();
    let publish = |tag: &str| {
        let arguments = sign_arguments(GUN, tag);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        counted.of(|| drop(owner.publish(&arguments).ok()))
    };
    let reader = counted.home();
    let inspect = || counted.of(|| drop(reader.trustdeck(&["inspect", GUN]).ok()));
    // A machine under load takes long for the first connection; then there is another, of requests in line.
    let is_within = |(connections, requests): (usize, usize), most: usize| connections <= 2 && requests <= most;
    let (first, second, cold, warm) = (publish("1.0"), publish("1.1"), inspect(), inspect());
    assert!(is_within(first, 11), "a publish by who has read nothing yet: {first:?}");
    assert!(is_within(second, 8), "a look, the upload, and its read-back: {second:?}");
    assert!(is_within(cold, 6), "each file once: {cold:?}");
    assert_eq!(warm, (1, 1), "the timestamp");
}

#[test]
fn who_only_reads_opens_no_key_file() {
    let Some((_server, home)) = crate::interop::docker_repository() else { return };
    home.sign(GUN, "1.0");
    let keys = home.trust_dir().join("private");
    let listed = opened(&keys, || drop(home.trustdeck(&["key", "list"]).ok()));
    assert!(!listed.is_empty(), "the watch sees what is opened");
    let read = opened(&keys, || drop(home.trustdeck(&["inspect", GUN]).ok()));
    assert_eq!(read, [""; 0]);
    // A file that was changed just now may change again unseen: it is read again.
    std::thread::sleep(Duration::from_secs(4));
    let mut listed = opened(&keys, || drop(home.trustdeck(&["key", "list"]).ok()));
    let count = listed.len();
    listed.sort();
    listed.dedup();
    assert_eq!(count, listed.len(), "each is opened once");
    let again = opened(&keys, || drop(home.trustdeck(&["key", "list"]).ok()));
    assert_eq!(again, [""; 0], "and not again");
}

#[test]
fn a_server_far_away_is_asked_on_one_connection() {
    let Some(server) = NotaryServer::start() else { return };
    let owner = Home::new(&server);
    for name in ["alice", "bob"] {
        let key = owner.generate_key(name);
        owner.trustdeck(&["signer", "add", name, GUN, "--key", &key, "--publish", "--yes"]).ok();
    }
    owner.sign(GUN, "1.0");
    let counted = Counted { proxy: Proxy::start(server.port, Duration::from_millis(80)), server };
    let reader = counted.home();
    let inspect = || counted.of(|| drop(reader.trustdeck(&["inspect", GUN]).ok()));
    let (cold, warm) = (inspect(), inspect());
    assert_eq!(cold.0, 1, "all in one line: {cold:?}");
    assert_eq!(warm, (1, 1), "the timestamp");
    owner.also_at(&counted.proxy.url());
    let key = owner.generate_key("carol");
    let add = ["--server", &counted.proxy.url(), "signer", "add", "carol", GUN, "--key", &key, "--publish", "--yes"];
    let added = counted.of(|| drop(owner.trustdeck(&add).ok()));
    assert_eq!(added.0, 1, "a look, the upload and what is read back: {added:?}");
}

#[test]
fn what_waits_at_a_server_far_away_goes_in_line_on_one_connection() {
    let Some(server) = NotaryServer::start() else { return };
    let owner = Home::new(&server);
    let guns: Vec<String> = (0..40).map(|i| format!("{GUN}{i}")).collect();
    let all = |words: &[&'static str]| -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).chain(guns.clone()).collect()
    };
    let run =
        |home: &Home, words: Vec<String>| home.trustdeck(&words.iter().map(String::as_str).collect::<Vec<_>>()).ok();
    let keys = ["alice", "bob"].map(|name| owner.generate_key(name));
    let add = |name: &'static str, key: &str| {
        let mut words = all(&["signer", "add", name]);
        words.extend(["--key", key, "--publish", "--yes"].map(str::to_owned));
        words
    };
    run(&owner, add("alice", &keys[0]));
    let far = Proxy::start(server.port, Duration::from_millis(40));
    let before = server.requests().len();
    let seen = run(&Home::at(&far.url(), &server.ca), all(&["inspect"]));
    let asked = server.requests().len() - before;
    assert!(guns.iter().all(|gun| seen.stdout.contains(gun.as_str())) && asked >= 160, "{asked}");
    // In line they are in the server's hands as one.
    assert!(far.met().0 < asked / 2, "{:?} of {asked}", far.met());

    let far = Proxy::start(server.port, Duration::from_millis(40));
    owner.also_at(&far.url());
    let before = server.requests().len();
    let words = [&["--server".to_owned(), far.url()], add("bob", &keys[1]).as_slice()].concat();
    run(&owner, words);
    let asked = server.requests().len() - before;
    assert!(far.met().0 < asked / 2, "{:?} of {asked}", far.met());
    let last = owner.docker(&["inspect", &guns[39]]).ok().stdout;
    assert!(last.contains("alice") && last.contains("bob"), "{last}");
}
