//! Ctrl-c during a publish of many repositories: none begins any more, those that run are finished.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::home::digest;
use crate::support::{Home, NotaryServer, Proxy};

/// More than are published at once.
const REPOSITORIES: usize = 36;
/// After so long without news what runs is left alone: a busy machine's server may take that long.
const SILENCE: Duration = Duration::from_millis(800);

#[test]
fn ctrl_c_finishes_what_runs_and_begins_nothing() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let proxy = Proxy::start(server.port, Duration::from_millis(30));
    let home = Home::at(&proxy.url(), &server.ca);
    let key = home.generate_key("alice");
    let guns: Vec<String> = (0..REPOSITORIES).map(|i| format!("registry.example.test/team/r{i:02}")).collect();
    let mut arguments = vec!["signer", "add", "--key", &key, "alice"];
    arguments.extend(guns.iter().map(String::as_str));
    home.publish(&arguments).ok();
    let list: String = guns.iter().map(|gun| format!("{gun}:1.0 sha256:{} 1234\n", digest("1.0"))).collect();
    let file = home.path().join("tags.txt");
    std::fs::write(&file, list).unwrap();
    home.trustdeck(&["sign", "--from", file.to_str().unwrap()]).ok();

    let mut command = home.trustdeck_command(&["publish", "--yes", "--json"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(progress.any(|line| line.contains("upload")), "no upload was begun");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    // Read to the end, or the child would wait for room in the pipe.
    let mut news = vec![Instant::now()];
    progress.for_each(|_| news.push(Instant::now()));
    let was_silent = news.windows(2).any(|pair| pair[1] - pair[0] > SILENCE / 2);
    let mut output = String::new();
    child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));

    let results: serde_json::Value = serde_json::from_str(&output).unwrap();
    let ended = |outcome: &str| -> Vec<&str> {
        let rows = results.as_array().unwrap().iter().filter(|row| row["outcome"] == outcome);
        rows.map(|row| row["repository"].as_str().unwrap()).collect()
    };
    let (done, skipped, unknown) = (ended("done"), ended("skipped"), ended("unknown"));
    assert_eq!(done.len() + skipped.len() + unknown.len(), REPOSITORIES, "{output}");
    assert!(!skipped.is_empty(), "{output}");
    assert!(unknown.is_empty() && !done.is_empty() || was_silent, "only a silent server is not waited for: {output}");
    let shown = Home::new(&server).docker(&[vec!["inspect"], guns.iter().map(String::as_str).collect()].concat()).ok();
    let signed = shown.json().as_array().unwrap().iter().filter(|r| r["SignedTags"][0]["SignedTag"] == "1.0").count();
    assert!((done.len()..=done.len() + unknown.len()).contains(&signed), "{signed} signed: {output}");

    let rest = home.trustdeck(&["publish", "--yes", "--json"]).ok().json();
    let sent = rest.as_array().unwrap().len();
    let open = skipped.len()..=skipped.len() + unknown.len();
    assert!(open.contains(&sent), "what was not begun is still staged, and nothing is sent twice: {rest}");
    let all = Home::new(&server).docker(&[vec!["inspect"], guns.iter().map(String::as_str).collect()].concat()).ok();
    let signed = all.json().as_array().unwrap().iter().filter(|r| r["SignedTags"][0]["SignedTag"] == "1.0").count();
    assert_eq!(signed, REPOSITORIES);
}
