//! Accounts: unique names, the one owner, profiles, pictures, finding people.

use std::collections::HashSet;

use chat::account::{Avatar, NewAccount, ProfileChanges, Role};
use chat::error::Error;
use chat::ids::UserId;
use uuid::Uuid;

use crate::world::{START, World, new_account};

crate::promises! {
    of_many_who_register_at_once_one_owns_the_server
    the_first_account_owns_nothing_where_it_may_not
    guests_and_bots_do_not_make_a_server_somebody_s
    user_names_and_addresses_are_unique
    one_signs_in_by_name_or_address
    a_profile_changes_field_by_field
    a_stale_revision_is_refused
    roles_bans_and_passwords_change
    a_password_that_changed_meanwhile_is_not_replaced
    people_are_found_by_part_of_either_name
    people_are_found_by_the_order_of_their_ids
    a_picture_is_kept_as_long_as_somebody_has_it
    what_does_not_exist_is_not_found
}

async fn of_many_who_register_at_once_one_owns_the_server(world: World) {
    assert!(!world.store.has_accounts().await.unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..50 {
        let store = world.store.clone();
        let wanted = NewAccount {
            may_own: true,
            ..new_account(&format!("user{number}"))
        };
        tasks.spawn(async move { store.create_account(wanted).await.unwrap().person.role });
    }
    let roles = tasks.join_all().await;
    assert_eq!(roles.iter().filter(|role| **role == Role::SuperAdmin).count(), 1);
    assert_eq!(roles.iter().filter(|role| **role == Role::User).count(), 49);
    assert!(world.store.has_accounts().await.unwrap());
}

async fn the_first_account_owns_nothing_where_it_may_not(world: World) {
    let ada = world.person("ada").await;
    assert_eq!(world.store.account(ada).await.unwrap().unwrap().person.role, Role::User);
    let late = NewAccount {
        may_own: true,
        role: Role::Guest,
        ..new_account("bob")
    };
    assert_eq!(world.store.create_account(late).await.unwrap().person.role, Role::Guest);
}

async fn people_are_found_by_the_order_of_their_ids(world: World) {
    let mut ids = Vec::new();
    for name in ["ada", "bob", "cleo"] {
        ids.push(world.person(name).await);
    }
    ids.sort();
    let from = async |number: u128| {
        let found = world.store.person_from(UserId(Uuid::from_u128(number))).await.unwrap();
        found.map(|person| person.id)
    };
    assert_eq!(from(0).await, Some(ids[0]));
    assert_eq!(from(ids[1].0.as_u128()).await, Some(ids[1]));
    assert_eq!(from(ids[1].0.as_u128() + 1).await, Some(ids[2]));
    assert_eq!(from(u128::MAX).await, None);
}

async fn guests_and_bots_do_not_make_a_server_somebody_s(world: World) {
    for (name, role) in [("guest-1", Role::Guest), ("rill", Role::Bot)] {
        let wanted = NewAccount {
            role,
            ..new_account(name)
        };
        assert_eq!(world.store.create_account(wanted).await.unwrap().person.role, role);
        assert!(!world.store.has_accounts().await.unwrap());
    }
    let owner = NewAccount {
        may_own: true,
        ..new_account("ada")
    };
    let owner = world.store.create_account(owner).await.unwrap();
    assert_eq!(owner.person.role, Role::SuperAdmin);
    assert!(world.store.has_accounts().await.unwrap());
}

async fn user_names_and_addresses_are_unique(world: World) {
    let with = |name: &str, email: &str| NewAccount {
        profile: ProfileChanges {
            email: Some(email.into()),
            ..Default::default()
        },
        ..new_account(name)
    };
    let ada = world
        .store
        .create_account(with("ada", "Ada@Example.org"))
        .await
        .unwrap();
    assert_eq!(ada.email.as_deref(), Some("Ada@Example.org"));
    let again = world.store.create_account(with("ada", "else@example.org")).await;
    assert_eq!(again.unwrap_err(), Error::Taken { what: "user name" });
    let again = world.store.create_account(with("bob", "ADA@example.ORG")).await;
    assert_eq!(again.unwrap_err(), Error::Taken { what: "e-mail address" });
    // No address is nobody's address.
    let bob = world.store.create_account(with("bob", "")).await.unwrap();
    world.store.create_account(with("carl", "")).await.unwrap();
    let changes = ProfileChanges {
        email: Some("ada@example.org".into()),
        ..Default::default()
    };
    let taken = world.store.change_profile(bob.person.id, changes.clone(), None).await;
    assert_eq!(taken.unwrap_err(), Error::Taken { what: "e-mail address" });
    let own = world.store.change_profile(ada.person.id, changes, None).await.unwrap();
    assert_eq!(own.email.as_deref(), Some("ada@example.org"));
}

async fn one_signs_in_by_name_or_address(world: World) {
    let profile = ProfileChanges {
        email: Some("Ada@Example.org".into()),
        ..Default::default()
    };
    let ada = world
        .store
        .create_account(NewAccount {
            profile,
            ..new_account("ada")
        })
        .await
        .unwrap();
    for login in ["ada", " ADA", "ada@example.org", "ADA@EXAMPLE.ORG"] {
        let (account, password) = world.store.account_for_sign_in(login).await.unwrap().unwrap();
        assert_eq!((account, password.as_str()), (ada.clone(), "phc of ada"), "{login}");
    }
    for login in ["", "bob", "@", "ada@example.com", "example.org"] {
        assert_eq!(world.store.account_for_sign_in(login).await.unwrap(), None, "{login}");
    }
}

async fn a_profile_changes_field_by_field(world: World) {
    let ada = world.person("ada").await;
    let all = ProfileChanges {
        display_name: Some("Ada L.".into()),
        first_name: Some("Ada".into()),
        last_name: Some("Lovelace".into()),
        email: Some("ada@example.org".into()),
        phone: Some("1815".into()),
        time_zone: Some("Europe/London".into()),
        language: Some("en".into()),
    };
    let changed = world.store.change_profile(ada, all, Some(1)).await.unwrap();
    assert_eq!((changed.person.display_name.as_str(), changed.revision), ("Ada L.", 2));
    assert_eq!(
        (changed.first_name.as_str(), changed.last_name.as_str()),
        ("Ada", "Lovelace")
    );
    assert_eq!(
        (
            changed.phone.as_str(),
            changed.time_zone.as_str(),
            changed.language.as_str()
        ),
        ("1815", "Europe/London", "en")
    );
    let some = ProfileChanges {
        phone: Some(String::new()),
        email: Some(String::new()),
        ..Default::default()
    };
    let changed = world.store.change_profile(ada, some, None).await.unwrap();
    assert_eq!(
        (
            changed.phone.as_str(),
            changed.email.clone(),
            changed.first_name.as_str()
        ),
        ("", None, "Ada")
    );
    assert_eq!(world.store.account(ada).await.unwrap(), Some(changed));
    assert_eq!(world.store.account_for_sign_in("ada@example.org").await.unwrap(), None);
}

async fn a_stale_revision_is_refused(world: World) {
    let ada = world.person("ada").await;
    let name = |name: &str| ProfileChanges {
        display_name: Some(name.into()),
        ..Default::default()
    };
    world.store.change_profile(ada, name("one"), Some(1)).await.unwrap();
    let stale = world.store.change_profile(ada, name("two"), Some(1)).await;
    assert_eq!(stale.unwrap_err(), Error::Stale { what: "profile" });
    assert_eq!(
        world.store.account(ada).await.unwrap().unwrap().person.display_name,
        "one"
    );
}

async fn roles_bans_and_passwords_change(world: World) {
    let ada = world.person("ada").await;
    assert_eq!(
        world.store.set_role(ada, Role::Admin).await.unwrap().person.role,
        Role::Admin
    );
    assert_eq!(
        world.store.set_banned(ada, Some(START)).await.unwrap().banned_at,
        Some(START)
    );
    let account = world.store.set_banned(ada, None).await.unwrap();
    assert_eq!(
        (account.banned_at, account.revision, account.created_at),
        (None, 4, START)
    );
    world.store.set_password(ada, "another").await.unwrap();
    assert_eq!(world.store.password_of(ada).await.unwrap().as_deref(), Some("another"));
}

async fn a_password_that_changed_meanwhile_is_not_replaced(world: World) {
    let ada = world.person("ada").await;
    let replaced = async |old: &str, new: &str| world.store.replace_password(ada, old, new).await.unwrap();
    assert!(replaced("phc of ada", "stronger").await);
    world.store.set_password(ada, "chosen").await.unwrap();
    assert!(!replaced("stronger", "strongest").await);
    assert_eq!(world.store.password_of(ada).await.unwrap().as_deref(), Some("chosen"));
}

async fn people_are_found_by_part_of_either_name(world: World) {
    for (name, display_name) in [("zoe", "Zoë Grün"), ("ada", "Countess"), ("bob", "Grunewald")] {
        let account = NewAccount {
            display_name: display_name.into(),
            ..new_account(name)
        };
        world.store.create_account(account).await.unwrap();
    }
    let found = async |text: &str, after: Option<&str>, limit: usize| {
        let people = world.store.find_people(text, after, limit).await.unwrap();
        people.into_iter().map(|person| person.username).collect::<Vec<_>>()
    };
    assert_eq!(found("", None, 10).await, ["ada", "bob", "zoe"]);
    assert_eq!(found("GRUN", None, 10).await, ["bob", "zoe"]);
    assert_eq!(found("grun", Some("bob"), 10).await, ["zoe"]);
    assert_eq!(found("", Some("ada"), 1).await, ["bob"]);
    assert_eq!(found("%", None, 10).await, [""; 0]);
    let names = ["zoe".to_owned(), "nobody".to_owned(), "ada".to_owned()];
    let people = world.store.people_by_username(&names).await.unwrap();
    assert_eq!(
        people.iter().map(|person| person.username.as_str()).collect::<Vec<_>>(),
        ["zoe", "ada"]
    );
}

async fn a_picture_is_kept_as_long_as_somebody_has_it(world: World) {
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let picture = |id: &str| Avatar {
        id: id.into(),
        media_type: "image/png".into(),
        bytes: vec![1, 2, 3],
    };
    for user in [ada, bob] {
        let account = world.store.set_avatar(user, Some(picture("a"))).await.unwrap();
        assert_eq!(account.person.avatar.as_deref(), Some("a"));
    }
    world.store.set_avatar(ada, Some(picture("b"))).await.unwrap();
    assert_eq!(world.store.avatar("a").await.unwrap(), Some(picture("a")));
    assert_eq!(world.store.set_avatar(bob, None).await.unwrap().person.avatar, None);
    assert_eq!(world.store.avatar("a").await.unwrap(), None);
    assert_eq!(world.store.avatar("b").await.unwrap(), Some(picture("b")));
    // The same picture again changes nothing about it.
    world.store.set_avatar(ada, Some(picture("b"))).await.unwrap();
    assert_eq!(world.store.avatar("b").await.unwrap(), Some(picture("b")));
}

async fn what_does_not_exist_is_not_found(world: World) {
    let nobody = UserId(Uuid::now_v7());
    let unknown = Error::NotFound { what: "account" };
    let store = &world.store;
    assert_eq!(store.account(nobody).await.unwrap(), None);
    assert_eq!(store.password_of(nobody).await.unwrap(), None);
    let refusals = HashSet::from([
        format!("{:?}", store.set_password(nobody, "x").await.unwrap_err()),
        format!("{:?}", store.set_role(nobody, Role::Admin).await.unwrap_err()),
        format!("{:?}", store.set_banned(nobody, None).await.unwrap_err()),
        format!("{:?}", store.set_avatar(nobody, None).await.unwrap_err()),
        format!(
            "{:?}",
            store
                .change_profile(nobody, ProfileChanges::default(), None)
                .await
                .unwrap_err()
        ),
    ]);
    assert_eq!(refusals, HashSet::from([format!("{unknown:?}")]));
}
