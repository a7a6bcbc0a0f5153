//! Where settings come from beside flags: rill.toml and the environment.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::limits;
use super::settings::{self, SETTINGS};
use super::{Place, Values};

fn known(name: &str) -> bool {
    match name.strip_prefix("limits.") {
        Some(limit) => limits::LIMITS.iter().any(|known| known.name == limit),
        None => SETTINGS.iter().any(|known| known.name == name),
    }
}

/// Reads `file`, or rill.toml where it exists.
pub(super) fn read_file(file: Option<&str>, values: &mut Values) -> Result<()> {
    let path = PathBuf::from(file.unwrap_or("rill.toml"));
    if file.is_none() && !path.exists() {
        return Ok(());
    }
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
    let line = |offset: usize| text[..offset].matches('\n').count() + 1;
    let table = toml::de::DeTable::parse(&text)
        .map_err(|error| anyhow::anyhow!("{}: not TOML: {error}", path.display()))?
        .into_inner();
    for (key, value) in table {
        let at = line(key.span().start);
        let key = key.into_inner().into_owned();
        match value.into_inner() {
            toml::de::DeValue::Table(limits) if key == "limits" => {
                for (name, value) in limits {
                    let at = line(name.span().start);
                    insert(
                        values,
                        format!("limits.{}", name.into_inner()),
                        value.into_inner(),
                        &path,
                        at,
                    )?;
                }
            }
            value => insert(values, key, value, &path, at)?,
        }
    }
    Ok(())
}

fn insert(values: &mut Values, name: String, value: toml::de::DeValue<'_>, path: &Path, line: usize) -> Result<()> {
    use toml::de::DeValue;
    if !known(&name) {
        bail!(
            "{} line {line}: there is no setting `{name}`; `rill config show` lists them all",
            path.display()
        );
    }
    let text = match value {
        DeValue::String(text) => text.into_owned(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(|item| item.get_ref().as_str()).collect();
            items.join(",")
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
            bail!(
                "{} line {line}: {name} takes a text, a whole number, true or false",
                path.display()
            )
        }
    };
    values.insert(
        name,
        (
            text,
            Place::File {
                path: path.to_owned(),
                line,
            },
        ),
    );
    Ok(())
}

pub(super) fn read_environment(values: &mut Values) -> Result<()> {
    let limits = limits::LIMITS.iter().map(|limit| format!("limits.{}", limit.name));
    let names: Vec<String> = SETTINGS.iter().map(|s| s.name.to_owned()).chain(limits).collect();
    for (variable, value) in std::env::vars_os() {
        let Some(variable) = variable.to_str().filter(|name| name.starts_with("RILL_")) else {
            continue;
        };
        let Some(name) = names
            .iter()
            .find(|name| settings::variable(&name.replace('.', "_")) == variable)
        else {
            bail!("environment {variable}: there is no such setting; `rill config show` lists them all");
        };
        let value = value
            .into_string()
            .map_err(|_| anyhow::anyhow!("environment {variable}: not UTF-8"))?;
        values.insert(name.clone(), (value, Place::Variable(variable.to_owned())));
    }
    Ok(())
}
