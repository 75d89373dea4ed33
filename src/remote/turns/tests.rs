use tokio::time::Instant;

use super::*;

const MILLI: fn(u64) -> Duration = Duration::from_millis;

fn measured(connect: u64, answers: &[u64]) -> Turns {
    let turns = Turns::new(None);
    turns.connected(MILLI(connect));
    answers.iter().for_each(|answer| turns.answered(Doing::Reads, MILLI(*answer), true, true));
    turns
}

#[test]
fn a_server_nearby_gets_one_request_at_a_time_however_slow_it_is() {
    assert_eq!(measured(2, &[3; 50]).open(), 1);
    assert_eq!(measured(1, &[80; 50]).open(), 1, "slow, but near");
    assert_eq!(measured(40, &[2; 50]).open(), 1, "its name was looked up slowly");
}

#[test]
fn a_server_far_away_gets_as_many_as_leave_part_of_a_request_in_its_hands() {
    assert_eq!(measured(50, &[]).open(), 4);
    assert_eq!(measured(50, &[51; 80]).open(), 25, "no database");
    assert_eq!(measured(50, &[52; 80]).open(), 4);
    assert_eq!(measured(50, &[54; 80]).open(), 2);
    assert_eq!(measured(200, &[205; 80]).open(), 1, "busy, however far away it is");
    assert_eq!(measured(50, &[300; 50]).open(), 1);
    assert_eq!(measured(50, &[52, 53, 51, 54].repeat(20)).open(), 3, "sometimes slow");
    assert_eq!(measured(200, &[201; 80]).open(), MOST);
}

#[test]
fn what_the_user_sets_holds_whatever_is_measured() {
    let turns = Turns::new(Some(6));
    turns.connected(MILLI(1));
    turns.answered(Doing::Reads, MILLI(1), true, true);
    assert_eq!(turns.open(), 6);
}

#[tokio::test]
async fn places_that_are_closed_while_they_are_used_are_not_given_again() {
    let turns = measured(50, &[]);
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(turns.take(Doing::Reads).await);
    }
    turns.slow_down();
    assert_eq!(turns.open(), 1);
    held.truncate(1);
    assert_eq!(turns.places.available_permits(), 0, "the one that is left is in use");
    held.clear();
    assert_eq!(turns.places.available_permits(), 1);
    (0..RECOVERY).for_each(|_| turns.answered(Doing::Reads, MILLI(52), true, true));
    assert!(turns.open() > 1, "well again");
    assert_eq!(turns.places.available_permits(), turns.open());
}

#[tokio::test]
async fn who_waits_long_for_the_first_connection_asks_on_another_unless_a_line_is_coming() {
    let turns = Turns::new(None);
    let first = turns.take(Doing::Reads).await;
    turns.waited_long().await;
    turns.gather(true);
    turns.spread();
    assert_eq!(turns.open(), 1);
    turns.gather(false);
    turns.spread();
    let second = turns.take(Doing::Reads).await;
    assert_eq!(turns.open(), AT_FIRST);
    drop((first, second));
    turns.connected(MILLI(1));
    assert_eq!((turns.open(), turns.places.available_permits()), (1, 1));
}

#[tokio::test]
async fn while_a_line_is_coming_a_server_far_away_gets_one_request_at_a_time() {
    let turns = measured(50, &[51; 80]);
    assert!(!turns.is_near().await && measured(1, &[]).is_near().await && !Turns::new(None).is_near().await);
    turns.gather(true);
    let _one = turns.take(Doing::Reads).await;
    turns.answered(Doing::Reads, MILLI(51), true, true);
    assert!(is_pending(turns.take(Doing::Reads)).await);
    turns.gather(false);
    let _another = turns.take(Doing::Reads).await;
    assert!(is_pending(turns.waited_long()).await, "a connection was made");
}

#[tokio::test]
async fn how_far_a_server_is_is_waited_for_a_moment() {
    let turns = Turns::new(None);
    let (is_near, ()) = tokio::join!(turns.is_near(), async { turns.connected(MILLI(1)) });
    assert!(is_near);
}

async fn is_pending<T>(waiting: impl Future<Output = T>) -> bool {
    tokio::time::timeout(Duration::ZERO, waiting).await.is_err()
}

#[tokio::test]
async fn uploads_that_a_server_far_away_takes_quickly_are_under_way_with_others() {
    let turns = measured(50, &[]);
    turns.answered(Doing::Writes, MILLI(54), true, true);
    let _both = (turns.take(Doing::Writes).await, turns.take(Doing::Writes).await);
    assert_eq!(turns.gap(Doing::Writes), MILLI(24), "but do not arrive together");
    (0..20).for_each(|_| turns.answered(Doing::Writes, MILLI(110), true, true));
    assert!(is_pending(turns.take(Doing::Writes)).await, "it has become slow");
    let quick = measured(50, &[51; 80]);
    quick.answered(Doing::Writes, MILLI(56), true, true);
    assert_eq!(quick.gap(Doing::Writes), MILLI(12), "no database");
}

#[tokio::test]
async fn an_answer_beside_a_handshake_tells_nothing_of_a_quick_server() {
    let turns = measured(50, &[]);
    let turn = turns.take(Doing::Reads).await;
    assert!(turn.is_calm());
    turns.connecting();
    assert!(!turn.is_calm(), "one begins");
    let turn = turns.take(Doing::Reads).await;
    turns.connected(MILLI(60));
    assert!(!turn.is_calm(), "one has ended");
    let quick = measured(50, &[51; 80]);
    quick.answered(Doing::Reads, MILLI(90), true, false);
    assert_eq!(quick.open(), 25);
    quick.answered(Doing::Reads, MILLI(90), true, true);
    assert!(quick.open() < 3, "nothing else explains it");
    let database = measured(50, &[52; 80]);
    database.answered(Doing::Reads, MILLI(90), true, false);
    assert!(database.open() < 3, "spared for every reason");
}

#[tokio::test]
async fn uploads_that_waited_for_the_first_one_go_together_where_that_was_quick() {
    let turns = measured(50, &[51; 80]);
    let first = turns.take(Doing::Writes).await;
    let (mut second, mut third) = (Box::pin(turns.take(Doing::Writes)), Box::pin(turns.take(Doing::Writes)));
    assert!(is_pending(&mut second).await && is_pending(&mut third).await, "nothing is known of uploads");
    turns.answered(Doing::Writes, MILLI(54), true, true);
    drop(first);
    let _both = tokio::join!(second, third);
}

#[tokio::test]
async fn uploads_that_wait_in_line_go_together_once_uploads_are_known_to_be_quick() {
    let turns = measured(50, &[52; 80]);
    turns.answered(Doing::Writes, MILLI(110), true, true);
    let first = turns.take(Doing::Writes).await;
    let (mut second, mut third) = (Box::pin(turns.take(Doing::Writes)), Box::pin(turns.take(Doing::Writes)));
    assert!(is_pending(&mut second).await && is_pending(&mut third).await, "they take long");
    (0..40).for_each(|_| turns.answered(Doing::Writes, MILLI(52), true, true));
    drop(first);
    let _both = tokio::join!(second, third);
}

#[tokio::test]
async fn nothing_starts_while_an_upload_is_under_way_unless_the_user_knows_better() {
    let turns = measured(50, &[]);
    let asked = turns.take(Doing::Reads).await;
    let upload = turns.take(Doing::Writes);
    tokio::pin!(upload);
    assert!(is_pending(&mut upload).await, "a file is being read");
    drop(asked);
    let alone = upload.await;
    let read = turns.take(Doing::Reads);
    tokio::pin!(read);
    assert!(is_pending(&mut read).await, "an upload is under way");
    drop(alone);
    let _read = read.await;
    let quick = measured(50, &[51; 80]);
    let _asked = quick.take(Doing::Reads).await;
    let start = Instant::now();
    let _alone = quick.take(Doing::Writes).await;
    assert!(start.elapsed() >= MILLI(2), "what was asked for before arrives before");
    let fixed = Turns::new(Some(2));
    let _both = (fixed.take(Doing::Reads).await, fixed.take(Doing::Writes).await);
}
