//! Who reads pages of the log by any node, and who takes guests out of rooms and brings them back.

use std::sync::Arc;
use std::time::Duration;

use client::api::Api;
use support::history::{Line, Read};
use tokio::time::sleep;
use uuid::Uuid;

use crate::load::Load;
use crate::people::Member;
use crate::seed::Chance;

/// Between two reads, and between two steps of a guest.
const READ_EVERY: Duration = Duration::from_millis(40);
const MOVE_EVERY: Duration = Duration::from_millis(250);
const SAMPLE_EVERY: Duration = Duration::from_millis(300);
const AGAIN: Duration = Duration::from_millis(100);
/// How far before the newest known entry a read begins at most.
const BACK: u64 = 60;
const PAGE: u64 = 200;

/// Reads as anybody, over any node, until the load stops.
pub(crate) async fn read(load: Arc<Load>, mut chance: Chance) {
    let everybody: Vec<&Member> = load.crowd.everybody().collect();
    while load.goes_on() {
        let member = everybody[chance.below(everybody.len())];
        let node = chance.below(load.cluster.nodes.len());
        let room = *chance.pick(&load.crowd.rooms);
        let after = load.known(room).saturating_sub(chance.between(0, BACK));
        let began = load.now();
        // Refusals and outages end in no read; what was answered is judged.
        if let Ok(page) = member.nodes[node].entries(room, after, PAGE).await {
            load.note_read(Read {
                user: member.id(),
                node: Some(node),
                room,
                began,
                ended: load.now(),
                after,
                to_the_end: !page.has_more,
                lines: page.items.iter().map(Line::from).collect(),
            });
        }
        sleep(READ_EVERY).await;
    }
}

/// Looks at what is kept of some room beside the log, now and then, until the load stops.
pub(crate) async fn sample(load: Arc<Load>, mut chance: Chance) {
    while load.goes_on() {
        load.sample_recents(*chance.pick(&load.crowd.rooms));
        sleep(SAMPLE_EVERY).await;
    }
}

/// Takes guests out and brings them back until the load stops; then all are in.
pub(crate) async fn move_guests(load: Arc<Load>, mut chance: Chance) {
    let owner = &load.crowd.members[0];
    while load.goes_on() {
        let guest = chance.pick(&load.crowd.guests).id();
        let room = *chance.pick(&load.crowd.rooms);
        let api = &owner.nodes[chance.below(owner.nodes.len())];
        // Whether it was done is seen in the log.
        let _ = if chance.percent(50) {
            api.remove(room, guest).await
        } else {
            api.invite(room, guest).await
        };
        sleep(MOVE_EVERY).await;
    }
    for guest in &load.crowd.guests {
        for room in &load.crowd.rooms {
            bring_back(&load, &owner.any, *room, guest.id()).await;
        }
    }
}

async fn bring_back(load: &Load, api: &Api, room: Uuid, guest: Uuid) {
    while api.invite(room, guest).await.is_err() && !load.is_over() {
        sleep(AGAIN).await;
    }
}
