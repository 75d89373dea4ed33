//! What is asked of a registry, and in which order.

use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::mpsc;
use trustdeck::engine::Engine;
use trustdeck::engine::tags::ask::{News, TagQuestion, UNASKED};
use trustdeck::engine::tags::registered::{KnownTag, Registered};
use trustdeck::tuf::Gun;

use crate::remote::scripted::{Act, Request, Scripted, answer};
use crate::support::machine::settings_of;

/// The digest of the tag with this number.
fn digest(number: usize) -> String {
    format!("sha256:{number:064x}")
}

/// A registry with so many tags, `t0` and so on, in pages of 1000.
pub(super) fn answering(tags: usize) -> impl Fn(&Request, usize) -> Act + Send + Sync + 'static {
    move |request, _| {
        if let Some((_, tag)) = request.line.split_once("/manifests/t") {
            let headers = format!(
                "Docker-Content-Digest: {}\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: 500",
                digest(tag.parse().unwrap())
            );
            return Act::Send(format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n").into_bytes());
        }
        let from = request.line.split_once("last=").map_or(0, |(_, last)| last.parse::<usize>().unwrap() + 1);
        let page: Vec<String> = (from..tags.min(from + 1000)).map(|number| format!("\"t{number}\"")).collect();
        let link = format!("Link: </v2/team/app/tags/list?n=1000&last={}>; rel=\"next\"", from + 999);
        let headers: &[&str] = if from + 1000 < tags { &[&link] } else { &[] };
        answer("200 OK", headers, &format!("{{\"name\":\"team/app\",\"tags\":[{}]}}", page.join(",")))
    }
}

/// An engine whose images are in that registry, and a repository there.
pub(super) fn engine(home: &TempDir, registry: &Scripted) -> (Engine, Gun) {
    let mut settings = settings_of(home.path(), &home.path().join("trust"), "https://localhost:1");
    let host = registry.address.to_string();
    settings.servers.registries.addresses.insert(host, format!("http://{}", registry.address));
    let engine = Engine::open(settings, Arc::new(jiff::Timestamp::now)).unwrap();
    (engine, Gun::parse(&format!("127.0.0.1:{}/team/app", registry.address.port())).unwrap())
}

/// A question about all tags of that registry, as if all were signed.
fn about(tags: usize) -> TagQuestion {
    TagQuestion { signed: (0..tags).map(|number| Arc::from(format!("t{number}"))).collect(), ..TagQuestion::default() }
}

/// Of how many tags it is known what they are.
fn are_known(registered: &Registered) -> usize {
    registered.names().filter(|name| matches!(registered.of(name), KnownTag::Is(_))).count()
}

/// Everything that is told.
async fn told(engine: &Engine, gun: &Gun, asking: TagQuestion) -> Vec<News> {
    let (sender, mut news) = mpsc::channel(64);
    let asked = async {
        let sender = sender;
        engine.tags().ask_all(gun, asking, &sender).await
    };
    let heard = async {
        let mut all = Vec::new();
        while let Some(some) = news.recv().await {
            all.push(some);
        }
        all
    };
    let (result, all) = tokio::join!(asked, heard);
    result.unwrap();
    all
}

fn known(news: Vec<News>) -> Registered {
    let mut known = Registered::default();
    for some in news {
        match some {
            News::Listed { registered, .. } => known = registered,
            News::Found(answers) => answers.into_iter().for_each(|answer| known.learn(answer)),
        }
    }
    known
}

#[tokio::test]
async fn ten_thousand_signed_tags_take_a_request_each_and_one_for_a_thousand_names() {
    let registry = Scripted::start(answering(10_000)).await;
    let home = TempDir::new().unwrap();
    let (engine, gun) = engine(&home, &registry);
    let known = known(told(&engine, &gun, about(10_000)).await);
    assert_eq!((known.len(), are_known(&known)), (10_000, 10_000));
    assert!(matches!(known.of("t77"), KnownTag::Is(found) if found.digest.as_ref() == digest(77)));
    assert_eq!((registry.count("/tags/list"), registry.count("/manifests/")), (10, 10_000));
    assert!(registry.connections() <= 33, "{}", registry.connections());
}

#[tokio::test]
async fn what_nobody_signed_is_listed_and_asked_about_only_on_the_screen() {
    let registry = Scripted::start(answering(3000)).await;
    let home = TempDir::new().unwrap();
    let (engine, gun) = engine(&home, &registry);
    let asking = TagQuestion { first: vec!["t7".into()], signed: vec!["t2999".into()], ..TagQuestion::default() };
    let seen = known(told(&engine, &gun, asking.clone()).await);
    assert_eq!((seen.len(), are_known(&seen)), (3000, 2));
    assert_eq!((seen.of("t8"), registry.count("/manifests/")), (KnownTag::Listed, 2));
    let unseen = known(told(&engine, &gun, TagQuestion { others: 8, ..asking }).await);
    assert!(matches!(unseen.of("t8"), KnownTag::Is(_)), "the ninth in natural order, t7 apart");
    assert_eq!((unseen.of("t9"), are_known(&unseen)), (KnownTag::Listed, 10));
}

#[tokio::test]
async fn tags_on_the_screen_are_asked_about_first() {
    let registry = Scripted::start(answering(300)).await;
    let home = TempDir::new().unwrap();
    let (engine, gun) = engine(&home, &registry);
    let first = ["t250", "gone", "t99", "t250"].map(Arc::from).to_vec();
    told(&engine, &gun, TagQuestion { first, unless_many: true, ..about(300) }).await;
    let requests = registry.requests();
    let asked: Vec<&str> = requests.iter().filter_map(|r| Some(r.line.split_once("/manifests/")?.1)).collect();
    assert_eq!(asked.len(), 300);
    let place = |tag: &str| asked.iter().position(|asked| *asked == tag).unwrap();
    assert!(place("t250") < 64 && place("t99") < 64, "among the first that are under way together");
    assert!(place("t299") > 64);
}

#[tokio::test]
async fn a_large_repository_is_listed_and_not_asked_about_until_somebody_wants_it() {
    let registry = Scripted::start(answering(UNASKED + 1)).await;
    let home = TempDir::new().unwrap();
    let (engine, gun) = engine(&home, &registry);
    let news = told(&engine, &gun, TagQuestion { unless_many: true, ..about(UNASKED + 1) }).await;
    let [News::Listed { registered, wanted: 0 }] = news.as_slice() else { panic!("{news:?}") };
    assert_eq!((registered.len(), are_known(registered)), (UNASKED + 1, 0));
    assert_eq!(registry.count("/manifests/"), 0);
}

#[tokio::test]
async fn a_tag_that_is_removed_while_others_are_asked_about_is_gone() {
    let answers = answering(3);
    let registry = Scripted::start(move |request, number| {
        if request.line.ends_with("/manifests/t1") {
            return answer("404 Not Found", &[], super::deep::GONE);
        }
        answers(request, number)
    })
    .await;
    let home = TempDir::new().unwrap();
    let (engine, gun) = engine(&home, &registry);
    let known = known(told(&engine, &gun, about(3)).await);
    assert_eq!((known.of("t1"), known.len(), are_known(&known)), (KnownTag::Gone, 2, 2));
}
