//! One row as one line of JSON: the form in which rows are backed up, compared and hashed, the same from every database.

use std::io::Write;

use anyhow::{Context, bail};
use ring::digest::{self, SHA256};
use uuid::Uuid;

use super::tables::{Kind, Table};

/// Rows that travel together: so many of them, or so many bytes, whichever comes first.
const BATCH_ROWS: usize = 512;
const BATCH_BYTES: usize = 512 * 1024;

/// What stands in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Id(Uuid),
    Int(i64),
    Bool(bool),
    Text(String),
    Bytes(Vec<u8>),
}

/// Rows, and the lines that stand for them.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) rows: Vec<Vec<Value>>,
    pub(crate) lines: Vec<u8>,
}

/// How much a table holds, and the SHA-256 of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    pub rows: u64,
    pub sha256: String,
}

/// Collects rows into batches, counting and hashing them.
pub(crate) struct Pour {
    batch: Batch,
    rows: u64,
    context: digest::Context,
}

impl Pour {
    pub(crate) fn new() -> Self {
        Self {
            batch: Batch::default(),
            rows: 0,
            context: digest::Context::new(&SHA256),
        }
    }

    /// Takes a row; the batch, if it is full.
    pub(crate) fn push(&mut self, row: Vec<Value>) -> anyhow::Result<Option<Batch>> {
        let begin = self.batch.lines.len();
        write(&row, &mut self.batch.lines)?;
        self.context.update(&self.batch.lines[begin..]);
        self.rows += 1;
        self.batch.rows.push(row);
        let full = self.batch.rows.len() >= BATCH_ROWS || self.batch.lines.len() >= BATCH_BYTES;
        Ok(full.then(|| std::mem::take(&mut self.batch)))
    }

    /// What is left, and what it all came to.
    pub(crate) fn finish(self) -> (Batch, Sum) {
        let sum = Sum {
            rows: self.rows,
            sha256: hex(self.context.finish().as_ref()),
        };
        (self.batch, sum)
    }
}

/// Appends the row as a line.
fn write(row: &[Value], line: &mut Vec<u8>) -> anyhow::Result<()> {
    for (at, value) in row.iter().enumerate() {
        line.push(if at == 0 { b'[' } else { b',' });
        match value {
            Value::Null => line.extend_from_slice(b"null"),
            Value::Id(id) => write!(line, "\"{id}\"")?,
            Value::Int(number) => write!(line, "{number}")?,
            Value::Bool(is) => write!(line, "{is}")?,
            Value::Text(text) => serde_json::to_writer(&mut *line, text)?,
            Value::Bytes(bytes) => write!(line, "\"{}\"", hex(bytes))?,
        }
    }
    line.extend_from_slice(b"]\n");
    Ok(())
}

/// Reads a line of that table.
pub(crate) fn read(line: &[u8], table: &Table) -> anyhow::Result<Vec<Value>> {
    let values: Vec<serde_json::Value> = serde_json::from_slice(line).context("a line is damaged")?;
    if values.len() != table.columns.len() {
        bail!("a row of {} has {} columns", table.name, values.len());
    }
    let columns = values.into_iter().zip(table.columns);
    columns
        .map(|(value, (name, kind))| {
            typed(value, *kind).with_context(|| format!("a row of {} has no {kind:?} as its {name}", table.name))
        })
        .collect()
}

fn typed(value: serde_json::Value, kind: Kind) -> Option<Value> {
    use serde_json::Value as Json;
    match (value, kind) {
        (Json::Null, _) => Some(Value::Null),
        (Json::Number(number), Kind::Int) => number.as_i64().map(Value::Int),
        (Json::Bool(is), Kind::Bool) => Some(Value::Bool(is)),
        (Json::String(text), Kind::Text) => Some(Value::Text(text)),
        (Json::String(text), Kind::Id) => Uuid::try_parse(&text).ok().map(Value::Id),
        (Json::String(text), Kind::Bytes) => unhex(&text).map(Value::Bytes),
        (_, Kind::Id | Kind::Int | Kind::Bool | Kind::Text | Kind::Bytes) => None,
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tables::TABLES;
    use super::*;

    fn value(kind: Kind) -> BoxedStrategy<Value> {
        let some = match kind {
            Kind::Id => any::<u128>().prop_map(|id| Value::Id(Uuid::from_u128(id))).boxed(),
            Kind::Int => any::<i64>().prop_map(Value::Int).boxed(),
            Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
            Kind::Text => any::<String>().prop_map(Value::Text).boxed(),
            Kind::Bytes => any::<Vec<u8>>().prop_map(Value::Bytes).boxed(),
        };
        prop_oneof![1 => Just(Value::Null), 4 => some].boxed()
    }

    fn row() -> impl Strategy<Value = (&'static Table, Vec<Value>)> {
        (0..TABLES.len()).prop_flat_map(|at| {
            let kinds: Vec<_> = TABLES[at].columns.iter().map(|(_, kind)| value(*kind)).collect();
            (Just(&TABLES[at]), kinds)
        })
    }

    proptest! {
        #[test]
        fn every_row_is_one_line_and_comes_back_as_it_was((table, row) in row()) {
            let mut line = Vec::new();
            write(&row, &mut line).unwrap();
            prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            prop_assert_eq!(read(&line, table).unwrap(), row);
        }
    }

    #[test]
    fn a_line_that_is_no_row_is_refused() {
        let edits = TABLES.iter().find(|table| table.name == "message_edits").unwrap();
        for wrong in ["", "[1,2,\"a\"]", "[1,2,3,4]", "[1,2,\"a\",4.5]", "[1,2,\"a\",4", "{}"] {
            assert!(read(wrong.as_bytes(), edits).is_err(), "{wrong}");
        }
        assert_eq!(
            (unhex("0"), unhex("zz"), unhex("0aFF")),
            (None, None, Some(vec![10, 255]))
        );
    }
}
