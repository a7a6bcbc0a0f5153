//! Logins, tickets and kept answers: each secret works as often and as long as it should.

use chat::account::{Login, LoginKind};
use chat::error::Error;
use chat::ids::{SessionId, UserId};
use chat::limits;
use chat::ports::KeptAnswer;
use uuid::Uuid;

use crate::world::{START, World};

crate::promises! {
    a_login_is_found_by_its_secret_until_it_expires
    a_refresh_token_is_no_cookie_and_a_cookie_no_refresh_token
    of_many_who_rotate_one_wins_and_the_old_token_is_remembered
    the_oldest_login_ends_where_there_are_too_many
    logins_end_one_by_one_or_all_but_one
    of_many_who_take_a_ticket_one_gets_it
    a_ticket_ends_with_its_time_and_its_login
    the_first_answer_is_kept_for_a_day
}

fn login(user: UserId, kind: LoginKind, secret: &[u8]) -> Login {
    Login {
        id: SessionId(Uuid::now_v7()),
        user,
        kind,
        secret_hash: secret.to_vec(),
        label: "Browser".into(),
        address: "::1".into(),
        created_at: START,
        seen_at: START,
        expires_at: START.plus_seconds(100),
    }
}

async fn a_login_is_found_by_its_secret_until_it_expires(world: World) {
    let ada = world.person("ada").await;
    let cookie = login(ada, LoginKind::Cookie, b"secret");
    world.store.add_login(cookie.clone()).await.unwrap();
    assert_eq!(
        world.store.login_by_secret(b"secret").await.unwrap(),
        Some(cookie.clone())
    );
    assert_eq!(world.store.login(cookie.id).await.unwrap(), Some(cookie.clone()));
    assert_eq!(world.store.login_by_secret(b"other").await.unwrap(), None);
    world.store.touch_login(cookie.id, START.plus_seconds(5)).await.unwrap();
    world.store.touch_login(cookie.id, START.plus_seconds(3)).await.unwrap();
    assert_eq!(
        world.store.login(cookie.id).await.unwrap().unwrap().seen_at,
        START.plus_seconds(5)
    );
    world.clock.set(START.plus_seconds(100));
    assert_eq!(world.store.login_by_secret(b"secret").await.unwrap(), None);
    assert_eq!(world.store.login(cookie.id).await.unwrap(), None);
    assert!(world.store.logins_of(ada).await.unwrap().is_empty());
}

async fn a_refresh_token_is_no_cookie_and_a_cookie_no_refresh_token(world: World) {
    let ada = world.person("ada").await;
    world
        .store
        .add_login(login(ada, LoginKind::Cookie, b"cookie"))
        .await
        .unwrap();
    world
        .store
        .add_login(login(ada, LoginKind::Token, b"token"))
        .await
        .unwrap();
    assert_eq!(world.store.login_by_secret(b"token").await.unwrap(), None);
    assert_eq!(world.store.login_by_refresh(b"cookie").await.unwrap(), None);
    assert!(world.store.login_by_refresh(b"token").await.unwrap().is_some());
    // A webhook's secret is found as one, for whoever asks of which kind it is.
    let hook = login(ada, LoginKind::Hook, b"hook");
    world.store.add_login(hook.clone()).await.unwrap();
    assert_eq!(world.store.login_by_secret(b"hook").await.unwrap(), Some(hook));
    assert_eq!(world.store.login_by_refresh(b"hook").await.unwrap(), None);
}

async fn of_many_who_rotate_one_wins_and_the_old_token_is_remembered(world: World) {
    let ada = world.person("ada").await;
    let family = login(ada, LoginKind::Token, b"first");
    world.store.add_login(family.clone()).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20_u8 {
        let (store, session) = (world.store.clone(), family.id);
        let later = START.plus_seconds(200);
        tasks.spawn(async move { store.rotate_login(session, b"first", &[number], later).await.unwrap() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 1);
    let stolen = world.store.login_by_refresh(b"first").await.unwrap().unwrap();
    assert_eq!(stolen.id, family.id);
    let second = stolen.secret_hash.clone();
    let later = START.plus_seconds(300);
    assert!(
        world
            .store
            .rotate_login(family.id, &second, b"third", later)
            .await
            .unwrap()
    );
    for used in [b"first".as_slice(), &second] {
        let found = world.store.login_by_refresh(used).await.unwrap().unwrap();
        assert_eq!((found.id, found.secret_hash.as_slice()), (family.id, &b"third"[..]));
    }
    assert_eq!(
        (stolen.secret_hash.len(), stolen.expires_at),
        (1, START.plus_seconds(200))
    );
}

async fn the_oldest_login_ends_where_there_are_too_many(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    world
        .store
        .add_login(login(bob, LoginKind::Cookie, b"bob"))
        .await
        .unwrap();
    let (mut ids, mut ended) = (Vec::new(), Vec::new());
    for number in 0..limits::LOGINS_PER_USER_MAX + 2 {
        let at = START.plus_seconds(number as i64);
        let one = login(ada, LoginKind::Cookie, format!("{number}").as_bytes());
        ids.push(one.id);
        let one = Login {
            created_at: at,
            seen_at: at,
            ..one
        };
        ended.extend(world.store.add_login(one).await.unwrap());
    }
    assert_eq!(ended, ids[..2], "who listens for them must hear that they ended");
    let logins = world.store.logins_of(ada).await.unwrap();
    assert_eq!(logins.len(), limits::LOGINS_PER_USER_MAX);
    assert_eq!(
        (logins[0].secret_hash.as_slice(), logins[49].secret_hash.as_slice()),
        (&b"51"[..], &b"2"[..])
    );
    assert_eq!(world.store.logins_of(bob).await.unwrap().len(), 1);
}

async fn logins_end_one_by_one_or_all_but_one(world: World) {
    let ada = world.person("ada").await;
    let mut ids = Vec::new();
    for secret in [b"a", b"b", b"c", b"d"] {
        let one = login(ada, LoginKind::Cookie, secret);
        ids.push(one.id);
        world.store.add_login(one).await.unwrap();
    }
    assert!(world.store.end_login(ids[0]).await.unwrap());
    assert!(!world.store.end_login(ids[0]).await.unwrap());
    let mut ended = world.store.end_logins_of(ada, Some(ids[2])).await.unwrap();
    ended.sort();
    assert_eq!(ended, [ids[1], ids[3]]);
    assert_eq!(world.store.end_logins_of(ada, None).await.unwrap(), [ids[2]]);
    assert_eq!(world.store.login_by_secret(b"c").await.unwrap(), None);
}

async fn of_many_who_take_a_ticket_one_gets_it(world: World) {
    let ada = world.person("ada").await;
    let cookie = login(ada, LoginKind::Cookie, b"secret");
    world.store.add_login(cookie.clone()).await.unwrap();
    world
        .store
        .add_ticket(b"ticket", cookie.id, START.plus_seconds(30))
        .await
        .unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = world.store.clone();
        tasks.spawn(async move { store.take_ticket(b"ticket", START).await.unwrap() });
    }
    let got: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(got, [cookie.id]);
}

async fn a_ticket_ends_with_its_time_and_its_login(world: World) {
    let ada = world.person("ada").await;
    let cookie = login(ada, LoginKind::Cookie, b"secret");
    world.store.add_login(cookie.clone()).await.unwrap();
    let soon = START.plus_seconds(30);
    for ticket in [b"one", b"two"] {
        world.store.add_ticket(ticket, cookie.id, soon).await.unwrap();
    }
    assert_eq!(world.store.take_ticket(b"one", soon).await.unwrap(), None);
    world.store.end_login(cookie.id).await.unwrap();
    assert_eq!(world.store.take_ticket(b"two", START).await.unwrap(), None);
    assert_eq!(
        world.store.add_ticket(b"six", cookie.id, soon).await.unwrap_err(),
        Error::NotSignedIn
    );
}

async fn the_first_answer_is_kept_for_a_day(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let answer = |status| KeptAnswer {
        fingerprint: vec![7],
        status,
        body: b"{}".to_vec(),
    };
    assert_eq!(world.store.kept_answer(ada, "key").await.unwrap(), None);
    world.store.keep_answer(ada, "key", answer(201), START).await.unwrap();
    world.store.keep_answer(ada, "key", answer(409), START).await.unwrap();
    assert_eq!(world.store.kept_answer(ada, "key").await.unwrap(), Some(answer(201)));
    assert_eq!(world.store.kept_answer(bob, "key").await.unwrap(), None);
    let tomorrow = START.plus_seconds(limits::KEPT_ANSWER_SECONDS);
    world.clock.set(tomorrow);
    assert_eq!(world.store.kept_answer(ada, "key").await.unwrap(), None);
    world
        .store
        .keep_answer(ada, "key", answer(200), tomorrow)
        .await
        .unwrap();
    assert_eq!(world.store.kept_answer(ada, "key").await.unwrap(), Some(answer(200)));
}
