//! Publishing when the network, the server or another writer gets in the way.

use crate::support;

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use support::front::{Fault, Front};
use support::machine::{Machine, add_signer, role, sign};
use support::{Home, NotaryServer, wait_until};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use trustdeck::engine::publish::job::Approval;
use trustdeck::engine::{Change, EngineError, Kind, Problem, PublishOutcome, Published};
use trustdeck::tuf::Gun;

const GUN: &str = "registry.example.test/team/app";

struct Scene {
    server: NotaryServer,
    front: Front,
    machine: Arc<Machine>,
}

/// A repository with signer alice, its tag 1.0 staged, behind a front that can fail.
async fn scene() -> Option<Scene> {
    let server = NotaryServer::start_plain()?;
    let front = Front::start(server.port);
    let machine = Machine::of(Home::at(&server.url, &server.ca), &front.url);
    let alice = machine.key("alice");
    machine.engine.views().refresh(&Gun::parse(GUN).unwrap()).await.unwrap();
    machine.stage(GUN, [add_signer("alice", &[alice])]);
    assert_eq!(machine.publish().await.unwrap()[0].outcome, PublishOutcome::Done);
    machine.stage(GUN, [sign("1.0")]);
    Some(Scene { server, front, machine: Arc::new(machine) })
}

impl Scene {
    fn uploads(&self) -> usize {
        self.server.requests().iter().filter(|r| r.method == "POST" && r.status == 200).count()
    }

    fn staged(&self) -> usize {
        self.machine.engine.stage().staged().unwrap().changes.len()
    }

    /// Somebody else signs a tag just before our upload arrives.
    fn intruder(&self, tag: &'static str) -> Fault {
        let machine = Arc::clone(&self.machine);
        Fault::Before(Box::new(move || machine.home.notary_sign(GUN, tag, &["targets/releases", "targets/alice"])))
    }
}

#[track_caller]
fn only(results: Result<Vec<Published>, EngineError>) -> Published {
    let mut results = results.unwrap();
    assert_eq!(results.len(), 1);
    results.remove(0)
}

#[track_caller]
fn problem(published: Published) -> Problem {
    match published.outcome {
        PublishOutcome::Failed(problem) => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_upload_whose_answer_was_lost_is_found_on_the_server() {
    let Some(scene) = scene().await else { return };
    scene.front.next_uploads([Fault::LoseAnswer]);
    let published = only(scene.machine.publish().await);
    assert_eq!((published.outcome, published.trusted), (PublishOutcome::Done, 1));
    assert_eq!((scene.staged(), scene.uploads()), (0, 2));
}

#[tokio::test]
async fn an_upload_that_was_lost_twice_stays_staged_and_can_be_published_again() {
    let Some(scene) = scene().await else { return };
    // It is sent once more after a look at the server.
    scene.front.next_uploads([Fault::LoseRequest, Fault::LoseRequest]);
    let problem = problem(only(scene.machine.publish().await));
    assert_eq!(problem.repository.as_ref().unwrap().as_str(), GUN);
    let told = ["not known", "the answer of 127.0.0.1", "may still arrive"];
    assert!(told.iter().all(|part| problem.message.contains(part)), "what happened to it, and whether: {problem:?}");
    assert_eq!((scene.staged(), scene.uploads()), (1, 1));
    // It might still be on its way, so whoever comes next looks once more.
    let looked = scene.machine.engine.publisher().resolve_interrupted().await.unwrap();
    let outcomes: Vec<PublishOutcome> = looked.into_iter().map(|published| published.outcome).collect();
    assert!(matches!(&outcomes[..], [PublishOutcome::Failed(p)] if p.kind == Kind::Cancelled), "{outcomes:?}");
    assert!(scene.machine.engine.publisher().resolve_interrupted().await.unwrap().is_empty());
    assert_eq!(only(scene.machine.publish().await).outcome, PublishOutcome::Done);
}

#[tokio::test]
async fn whichever_request_of_a_publish_is_lost_every_tag_ends_up_signed() {
    let Some(scene) = scene().await else { return };
    let gun = Gun::parse(GUN).unwrap();
    let mut tags = vec!["1.0".to_owned()];
    for seen in [false, true] {
        for count in 0.. {
            let tag = format!("lost-{count}-{seen}");
            scene.machine.stage(GUN, [sign(&tag)]);
            tags.push(tag);
            scene.front.lose_after(count, seen);
            // Whatever it says: what counts is what is true afterwards.
            let _ = scene.machine.publish().await;
            let was_lost = scene.front.has_lost();
            if scene.staged() > 0 {
                assert_eq!(only(scene.machine.publish().await).outcome, PublishOutcome::Done);
            }
            let view = scene.machine.engine.views().refresh(&gun).await.unwrap();
            let mut signed: Vec<String> = view.tags.iter().map(|tag| tag.name.to_string()).collect();
            signed.sort();
            tags.sort();
            assert_eq!(signed, tags, "request {count}, seen: {seen}");
            if !was_lost {
                break;
            }
        }
    }
    assert!(tags.len() > 10, "a publish takes more requests than these: {tags:?}");
}

#[tokio::test]
async fn a_success_that_is_none_is_not_believed() {
    let Some(scene) = scene().await else { return };
    scene.front.next_uploads([Fault::Answer("200 OK")]);
    assert_eq!(problem(only(scene.machine.publish().await)).kind, Kind::NotStored);
    assert_eq!((scene.staged(), scene.uploads()), (1, 1));
}

/// Nobody has a login for it.
const ASKS_FOR_A_LOGIN: &str = "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"front\"";
const ASKS_FOR_A_TOKEN: &str =
    "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"https://elsewhere.test/token\",service=\"front\"";

/// Whoever answers is not always whoever has stored: what the server holds decides.
#[tokio::test]
async fn an_upload_that_is_refused_and_stored_all_the_same_is_published() {
    let Some(scene) = scene().await else { return };
    let refusals = [
        "302 Found\r\nLocation: https://login.test/",
        "401 Unauthorized",
        "413 Too Large",
        "400 Bad Request",
        "403 Forbidden",
        "503 Unavailable\r\nRetry-After: 0",
    ];
    for (number, refusal) in refusals.into_iter().enumerate() {
        scene.machine.stage(GUN, [sign(&format!("refused-{number}"))]);
        scene.front.next_uploads([Fault::StoreAndAnswer(Box::new(|| ()), refusal)]);
        let published = only(scene.machine.publish().await);
        assert_eq!(published.outcome, PublishOutcome::Done, "{refusal}: {:?}", published.notes);
        assert!(published.notes.iter().any(|note| note.contains("has stored it")), "{:?}", published.notes);
        assert_eq!((scene.staged(), scene.uploads()), (0, 2 + number), "{refusal}");
    }
    scene.machine.stage(GUN, [sign("2.0")]);
    scene.front.next_uploads([Fault::Answer("413 Too Large")]);
    let problem = problem(only(scene.machine.publish().await));
    assert!(problem.message.contains("takes no upload of"), "what is not there was refused: {problem:?}");
}

#[tokio::test]
async fn what_wants_a_login_is_looked_for_without_one() {
    for asks in [ASKS_FOR_A_LOGIN, ASKS_FOR_A_TOKEN] {
        let Some(scene) = scene().await else { return };
        scene.front.next_uploads([Fault::StoreAndAnswer(Box::new(|| ()), asks)]);
        let published = only(scene.machine.publish().await);
        assert_eq!(published.outcome, PublishOutcome::Done, "{asks}: {published:?}");
        assert_eq!((scene.staged(), scene.uploads()), (0, 2));
    }
}

#[tokio::test]
async fn what_wants_a_login_and_is_not_done_names_the_login() {
    for (asks, change) in
        [(ASKS_FOR_A_LOGIN, sign("2.0")), (ASKS_FOR_A_TOKEN, sign("2.0")), (ASKS_FOR_A_LOGIN, Change::Delete)]
    {
        let Some(scene) = scene().await else { return };
        let staged = scene.machine.engine.stage().staged().unwrap().changes;
        let staged: Vec<_> = staged.iter().map(|change| change.id).collect();
        scene.machine.engine.stage().drop_changes(&staged).unwrap();
        scene.machine.stage(GUN, [change]);
        scene.front.next_uploads([Fault::Answer(asks)]);
        let plan = scene.machine.engine.stage().plan(None).unwrap();
        let problem = problem(only(scene.machine.publish_plan(&plan, true).await));
        assert_eq!(problem.kind, Kind::Auth, "{asks}: {problem:?}");
        assert!(problem.admission.is_some(), "{problem:?}");
        assert_eq!((scene.staged(), scene.uploads()), (1, 1));
    }
}

#[tokio::test]
async fn an_upload_of_which_a_part_is_stored_says_which() {
    let Some(scene) = scene().await else { return };
    let front = scene.front.clone();
    let lose = Box::new(move || front.hide("/targets/releases."));
    scene.front.next_uploads([Fault::StoreAndAnswer(lose, "503 Unavailable")]);
    let problem = problem(only(scene.machine.publish().await));
    assert_eq!(problem.kind, Kind::NotStored, "{problem:?}");
    assert!(problem.message.contains("targets/alice, and not targets/releases"), "{problem:?}");
    assert_eq!(scene.staged(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_and_cannot_be_noted_here_is_published() {
    let Some(scene) = scene().await else { return };
    // Whoever holds the journal's lock keeps it from being written.
    let names =
        std::fs::read_dir(scene.machine.home.state_dir().join("stage")).unwrap().map(|entry| entry.unwrap().path());
    let locks: Vec<_> = names.filter(|path| path.extension().is_some_and(|end| end == "lock")).collect();
    let held: Arc<std::sync::Mutex<Vec<std::fs::File>>> = Arc::default();
    let holding = Arc::clone(&held);
    let hold = move || {
        let opened = locks.iter().map(|path| std::fs::File::options().write(true).open(path).unwrap());
        holding.lock().unwrap().extend(opened.filter(|file| file.try_lock().is_ok()));
    };
    scene.front.next_uploads([Fault::Before(Box::new(hold))]);
    let published = only(scene.machine.publish().await);
    assert_eq!((published.outcome, published.trusted), (PublishOutcome::Done, 1));
    assert!(published.notes.iter().any(|note| note.contains("could not note it")), "{:?}", published.notes);
    assert_eq!((scene.staged(), scene.uploads()), (1, 2));
    held.lock().unwrap().clear();
    let resolved = only(scene.machine.engine.publisher().resolve_interrupted().await);
    assert_eq!((resolved.outcome, scene.staged()), (PublishOutcome::Done, 0));
}

#[tokio::test]
async fn what_became_of_an_upload_is_not_known_if_it_cannot_be_read_back() {
    for answer in ["200 OK", "401 Unauthorized", "413 Too Large"] {
        let Some(scene) = scene().await else { return };
        let front = scene.front.clone();
        let lock_out = Box::new(move || front.demand("nobody:1", "nobody:2"));
        scene.front.next_uploads([Fault::StoreAndAnswer(lock_out, answer)]);
        let problem = problem(only(scene.machine.publish().await));
        assert_eq!(problem.kind, Kind::OutcomeUnknown, "{answer}: {problem:?}");
        assert_eq!((scene.staged(), scene.uploads()), (1, 2));
    }
}

#[tokio::test]
async fn an_upload_that_is_turned_away_names_the_login_where_nobody_can_read_either() {
    for (lost, kind) in [(None, Kind::Auth), (Some(Fault::LoseRequest), Kind::OutcomeUnknown)] {
        let Some(scene) = scene().await else { return };
        let front = scene.front.clone();
        let lock_out = Box::new(move || front.demand("nobody:1", "nobody:2"));
        scene.front.next_uploads(lost.into_iter().chain([Fault::ActAndAnswer(lock_out, ASKS_FOR_A_LOGIN)]));
        let problem = problem(only(scene.machine.publish().await));
        assert_eq!(problem.kind, kind, "unknown only if one was lost before: {problem:?}");
        assert!(problem.message.contains("wants a login for registry.example.test"), "{problem:?}");
        assert_eq!(problem.admission.is_some(), kind == Kind::Auth, "{problem:?}");
        assert_eq!((scene.staged(), scene.uploads()), (1, 1));
    }
}

#[tokio::test]
async fn an_upload_that_a_busy_server_did_not_take_is_sent_again_as_often_as_anything() {
    let Some(scene) = scene().await else { return };
    let busy = || Fault::Answer("503 Unavailable\r\nRetry-After: 0");
    scene.front.next_uploads([busy(), busy()]);
    assert_eq!(only(scene.machine.publish().await).outcome, PublishOutcome::Done);
    assert_eq!((scene.staged(), scene.uploads()), (0, 2));
    scene.machine.stage(GUN, [sign("1.1")]);
    scene.front.next_uploads([busy(), busy(), busy(), busy(), busy()]);
    assert_eq!(problem(only(scene.machine.publish().await)).kind, Kind::Busy);
    assert_eq!((scene.staged(), scene.uploads()), (1, 2));
    assert!(scene.machine.engine.publisher().resolve_interrupted().await.unwrap().is_empty(), "none is on its way");
}

#[tokio::test]
async fn an_upload_that_was_overtaken_is_signed_again_on_top() {
    let Some(scene) = scene().await else { return };
    scene.front.next_uploads([scene.intruder("other")]);
    // The file that would be signed now holds a tag that nobody has reviewed.
    assert_eq!(problem(only(scene.machine.publish().await)).kind, Kind::Conflict);
    let published = only(scene.machine.publish().await);
    assert_eq!((published.outcome, published.trusted), (PublishOutcome::Done, 2));
    assert_eq!(published.versions, [(role("targets/alice"), 2), (role("targets/releases"), 2)]);
}

#[tokio::test]
async fn an_upload_that_is_overtaken_again_and_again_stays_staged() {
    let Some(scene) = scene().await else { return };
    for tag in ["a", "b", "c"] {
        scene.front.next_uploads([scene.intruder(tag)]);
        assert_eq!(problem(only(scene.machine.publish().await)).kind, Kind::Conflict);
        assert_eq!(scene.staged(), 1);
    }
    assert_eq!(only(scene.machine.publish().await).trusted, 4);
}

/// Starts publishing, and ends the task once `reached` says so, as a kill would end the process.
async fn killed(scene: &Scene, reached: impl FnMut() -> bool + Send + 'static) {
    let plan = scene.machine.engine.stage().plan(None).unwrap();
    scene.machine.unlock(&plan);
    let gun = Gun::parse(GUN).unwrap();
    let approval = Approval { plan: plan.id, repositories: vec![gun], accepted: Vec::new() };
    let engine = scene.machine.engine.clone();
    let (send, receive) = mpsc::channel(64);
    let running =
        tokio::spawn(async move { engine.publisher().publish(approval, send, CancellationToken::new()).await });
    let waiting = tokio::task::spawn_blocking(move || wait_until("the publish to get that far", reached));
    waiting.await.unwrap();
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    drop(receive);
}

/// A fault that says when the upload has come, and then holds it until its receiver is dropped.
fn held() -> (Fault, std::sync::mpsc::Receiver<()>, std::sync::mpsc::Sender<()>) {
    let (arrived, has_arrived) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let hold = move || {
        arrived.send(()).unwrap();
        // Ends when the other side is dropped.
        let _ = released.recv();
    };
    (Fault::Before(Box::new(hold)), has_arrived, release)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_during_the_upload_the_next_start_finds_out_what_landed() {
    let Some(scene) = scene().await else { return };
    let (fault, arrived, release) = held();
    scene.front.next_uploads([fault]);
    killed(&scene, move || arrived.try_recv().is_ok()).await;
    let engine = scene.machine.another(&scene.front.url);
    drop(release);
    wait_until("the upload to land", || scene.uploads() == 2);
    let resolved = only(engine.publisher().resolve_interrupted().await);
    assert_eq!((resolved.outcome, resolved.trusted), (PublishOutcome::Done, 1));
    assert_eq!(engine.stage().staged().unwrap().changes.len(), 0);
    assert!(engine.publisher().resolve_interrupted().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_before_the_upload_everything_is_still_staged() {
    let Some(scene) = scene().await else { return };
    let (fault, arrived, _release) = held();
    scene.front.next_uploads([fault]);
    killed(&scene, move || arrived.try_recv().is_ok()).await;
    let engine = scene.machine.another(&scene.front.url);
    let resolved = only(engine.publisher().resolve_interrupted().await);
    assert_eq!(problem(resolved).kind, Kind::Cancelled);
    assert_eq!(engine.stage().staged().unwrap().changes.len(), 1);
}

#[tokio::test]
async fn nothing_is_begun_once_the_user_has_stopped() {
    let Some(scene) = scene().await else { return };
    let plan = scene.machine.engine.stage().plan(None).unwrap();
    scene.machine.unlock(&plan);
    let stop = CancellationToken::new();
    stop.cancel();
    let (send, _receive) = mpsc::channel(64);
    let repositories = vec![Gun::parse(GUN).unwrap()];
    let approval = Approval { plan: plan.id, repositories, accepted: Vec::new() };
    let results = scene.machine.engine.publisher().publish(approval, send, stop).await.unwrap();
    assert_eq!(results[0].outcome, PublishOutcome::Skipped);
    assert_eq!((scene.staged(), scene.uploads()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_killed_while_it_published_is_followed_up_by_the_next() {
    let Some(scene) = scene().await else { return };
    let (fault, arrived, release) = held();
    scene.front.next_uploads([fault]);
    let arguments = ["--server", &scene.front.url, "--insecure-http", "publish", "--yes"];
    let mut command = scene.machine.home.trustdeck_command(&arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    arrived.recv_timeout(Duration::from_secs(30)).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(scene.staged(), 1);
    drop(release);
    wait_until("the upload to land", || scene.uploads() == 2);
    scene.machine.home.trustdeck(&arguments).ok();
    assert_eq!((scene.staged(), scene.uploads()), (0, 2));
    let listed = scene.machine.home.notary(&["list", GUN]).ok().stdout;
    assert!(listed.contains("1.0"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_published_before_a_second_review_is_in_its_result() {
    let Some(scene) = scene().await else { return };
    scene.front.next_uploads([scene.intruder("9.9")]);
    let (machine, url) = (Arc::clone(&scene.machine), scene.front.url.clone());
    let publish = ["--insecure-http", "publish", "--yes", "--json"];
    let publishing = move || machine.home.trustdeck(&[&["--server", &url], &publish[..]].concat()).ok().json();
    let published = tokio::task::spawn_blocking(publishing).await.unwrap();
    assert_eq!(published[0]["outcome"], "merged", "{published}");
    let changes = published[0]["merged"].to_string();
    assert!(changes.contains("9.9"), "{published}");
    assert_eq!(published[0]["notes"], serde_json::json!([]), "{published}");
}
