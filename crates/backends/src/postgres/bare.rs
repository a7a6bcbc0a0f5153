//! The floor below the store, for `rill bench`: the rows that the store wrote, written again by bare multi-row inserts,
//! each group of them a transaction.
//!
//! Architecture invariant: no rules, no numbers to give, nobody to answer, and nothing that the server relies on.

use std::time::Instant;

use anyhow::{Context, anyhow};
use chat::ids::Timestamp;
use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use super::fault::{Answer, whole};
use super::link::{Link, Links, Params, execute};
use super::write::{LOG, MESSAGES, OUTBOX, SEARCH};
use super::{migrate, place};
use crate::Commits;

const READ: &str = "
    select l.room_id, l.seq, l.ordinal, l.id, l.actor_id, l.client_id, l.digest, l.at, l.body, l.visible_from,
        m.number, m.text, m.mentions, m.mentions_room, m.location, m.thread_id, m.thread_seq, s.tokens,
        exists (select 1 from outbox) is_told
    from messages m join log l using (id) join search s on s.message = m.number order by m.number limit $1";

/// A database of its own on a PostgreSQL server, for the time of a run.
pub struct Trial {
    server: String,
    name: String,
}

impl Trial {
    /// Makes an empty one; `server` is the address of another database there, whose user may make databases.
    pub async fn new(server: &str) -> anyhow::Result<Self> {
        let name = format!("rill_bench_{}", Uuid::now_v7().simple());
        order(server, &format!("create database {name}")).await?;
        let server = server.to_owned();
        Ok(Self { server, name })
    }

    /// Its address.
    pub fn url(&self) -> String {
        place::named(&self.server, &self.name)
    }

    /// Removes it, whoever is connected.
    pub async fn remove(self) -> anyhow::Result<()> {
        order(&self.server, &format!("drop database {} with (force)", self.name)).await
    }
}

async fn order(server: &str, statement: &str) -> anyhow::Result<()> {
    let link = connect(server).await?;
    link.client().batch_execute(statement).await.map_err(said)
}

/// The rows of messages as a store has written them: of the log, of what people read, of the search index, and of the
/// outbox where somebody empties it.
pub struct PostgresRows(Vec<Row>);

impl PostgresRows {
    /// Reads the first messages, at most so many.
    pub async fn read(url: &str, messages_max: usize) -> anyhow::Result<Self> {
        let link = connect(url).await?;
        let most = i64::try_from(messages_max)?;
        let rows = link.client().query(READ, &[&most]).await.map_err(said)?;
        Ok(Self(rows))
    }

    /// Writes them into an empty database, so many messages to a commit, as durably as the store does.
    pub async fn write(&self, url: &str, messages_per_commit: usize, messages_max: usize) -> anyhow::Result<Commits> {
        let mut link = connect(url).await?;
        migrate::migrate(&mut link, Timestamp(0)).await?;
        let rows = &self.0[..self.0.len().min(messages_max)];
        let groups = rows.chunks(messages_per_commit.max(1)).map(Group::of);
        let groups: Vec<Group<'_>> = groups.collect::<Result<_, _>>().map_err(said)?;
        // The server has its plans, too, when the clock begins to run.
        Group::default().write(&mut link).await?;
        let began = Instant::now();
        let mut each = Vec::with_capacity(groups.len());
        for group in &groups {
            let commit = Instant::now();
            group.write(&mut link).await?;
            each.push(commit.elapsed());
        }
        Ok(Commits {
            messages: rows.len() as u64,
            elapsed: began.elapsed(),
            each,
        })
    }
}

/// The rows of one commit, column by column.
#[derive(Default)]
struct Group<'a> {
    rooms: Vec<Uuid>,
    seqs: Vec<i64>,
    ordinals: Vec<i64>,
    ids: Vec<Uuid>,
    actors: Vec<Uuid>,
    client_ids: Vec<Option<&'a str>>,
    digests: Vec<Option<&'a [u8]>>,
    times: Vec<i64>,
    bodies: Vec<&'a str>,
    visible: Vec<Option<i64>>,
    numbers: Vec<i64>,
    texts: Vec<&'a str>,
    mentions: Vec<&'a [u8]>,
    to_all: Vec<bool>,
    places: Vec<Option<&'a str>>,
    roots: Vec<Option<Uuid>>,
    root_seqs: Vec<Option<i64>>,
    firsts: Vec<i32>,
    lasts: Vec<i32>,
    tokens: Vec<i64>,
    is_told: bool,
}

impl<'a> Group<'a> {
    fn of(rows: &'a [Row]) -> Result<Self, tokio_postgres::Error> {
        let (mut firsts, mut lasts, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            firsts.push(tokens.len() as i32 + 1);
            tokens.extend(row.try_get::<_, Vec<i64>>(17)?);
            lasts.push(tokens.len() as i32);
        }
        Ok(Self {
            rooms: column(rows, 0)?,
            seqs: column(rows, 1)?,
            ordinals: column(rows, 2)?,
            ids: column(rows, 3)?,
            actors: column(rows, 4)?,
            client_ids: column(rows, 5)?,
            digests: column(rows, 6)?,
            times: column(rows, 7)?,
            bodies: column(rows, 8)?,
            visible: column(rows, 9)?,
            numbers: column(rows, 10)?,
            texts: column(rows, 11)?,
            mentions: column(rows, 12)?,
            to_all: column(rows, 13)?,
            places: column(rows, 14)?,
            roots: column(rows, 15)?,
            root_seqs: column(rows, 16)?,
            firsts,
            lasts,
            tokens,
            is_told: rows.first().map_or(Ok(false), |row| row.try_get(18))?,
        })
    }

    async fn write(&self, link: &mut Link) -> anyhow::Result<()> {
        let told = |fault| anyhow!("the bare rows are not taken: {fault}");
        let tx = link.writing().await.map_err(told)?;
        let all = tokio::try_join!(
            self.write_log(&tx),
            self.write_messages(&tx),
            self.write_tokens(&tx),
            self.write_outbox(&tx)
        );
        all.map_err(told)?;
        tx.commit().await.map_err(said)
    }

    async fn write_log(&self, tx: &Transaction<'_>) -> Answer<u64> {
        let columns: Params<'_> = &[
            &self.rooms,
            &self.seqs,
            &self.ordinals,
            &self.ids,
            &self.actors,
            &self.client_ids,
            &self.digests,
            &self.times,
            &self.bodies,
            &self.visible,
        ];
        execute(tx, LOG, columns).await
    }

    async fn write_messages(&self, tx: &Transaction<'_>) -> Answer<u64> {
        let columns: Params<'_> = &[
            &self.numbers,
            &self.rooms,
            &self.seqs,
            &self.ordinals,
            &self.ids,
            &self.client_ids,
            &self.actors,
            &self.times,
            &self.texts,
            &self.mentions,
            &self.to_all,
            &self.places,
            &self.roots,
            &self.root_seqs,
        ];
        execute(tx, MESSAGES, columns).await
    }

    async fn write_tokens(&self, tx: &Transaction<'_>) -> Answer<u64> {
        let columns: Params<'_> = &[&self.numbers, &self.firsts, &self.lasts, &self.tokens];
        execute(tx, SEARCH, columns).await
    }

    async fn write_outbox(&self, tx: &Transaction<'_>) -> Answer<u64> {
        if !self.is_told {
            return Ok(0);
        }
        let columns: Params<'_> = &[&self.ids, &self.rooms, &self.seqs, &self.times];
        execute(tx, OUTBOX, columns).await
    }
}

fn column<'a, T: FromSql<'a>>(rows: &'a [Row], at: usize) -> Result<Vec<T>, tokio_postgres::Error> {
    rows.iter().map(|row| row.try_get(at)).collect()
}

async fn connect(url: &str) -> anyhow::Result<Link> {
    let mut config = place::parse(url)?;
    // Nobody tidies the search index for it: it is as PostgreSQL is shipped.
    let options = format!(
        "{} -c gin_pending_list_limit=4MB",
        config.get_options().unwrap_or_default()
    );
    let links = Links::new(config.options(&options).clone())?;
    links
        .get()
        .await
        .map_err(|fault| anyhow!(fault))
        .with_context(|| place::shown(url))
}

fn said(failure: tokio_postgres::Error) -> anyhow::Error {
    anyhow!(whole(&failure))
}
