//! `rill admin user …`.

use std::io::Read;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chat::Chat;
use chat::account::{Person, Role};
use clap::ArgMatches;
use serde_json::json;

use super::{everybody, owner};

pub(super) async fn run(chat: &Arc<Chat>, verb: &str, matches: &ArgMatches) -> Result<()> {
    if verb == "list" {
        return list(chat, matches.get_flag("json")).await;
    }
    let name = matches.get_one::<String>("user").context("which user?")?;
    if verb == "create" {
        let account = chat.create_user(name, &password()?).await?;
        println!("{} can sign in now.", account.person.username);
        return Ok(());
    }
    let person = find(chat, name).await?;
    match verb {
        "password" => {
            chat.reset_password(person.id, &password()?).await?;
            println!("{name} has a new password; all their sessions have ended.");
        }
        "role" => {
            let role = role(matches.get_one::<String>("role").map_or("", String::as_str))?;
            chat.grant_role(person.id, role).await?;
            println!("{name} has a new role.");
        }
        "ban" => {
            chat.ban(&owner(chat).await?, person.id).await?;
            println!("{name} is banned.");
        }
        "unban" => {
            chat.unban(&owner(chat).await?, person.id).await?;
            println!("{name} may sign in again.");
        }
        _ => bail!("there is no `rill admin user {verb}`"),
    }
    Ok(())
}

async fn list(chat: &Arc<Chat>, json: bool) -> Result<()> {
    for person in everybody(chat).await? {
        let role = name_of(person.role);
        if json {
            println!(
                "{}",
                json!({"id": person.id.to_string(), "username": person.username, "display_name": person.display_name, "role": role})
            );
        } else {
            println!("{:32} {:12} {}", person.username, role, person.display_name);
        }
    }
    Ok(())
}

async fn find(chat: &Arc<Chat>, name: &str) -> Result<Person> {
    let found = chat.store().people_by_username(&[name.to_lowercase()]).await?;
    found
        .into_iter()
        .next()
        .with_context(|| format!("there is no user `{name}`; `rill admin user list` shows all"))
}

fn name_of(role: Role) -> &'static str {
    match role {
        Role::Guest => "guest",
        Role::Bot => "bot",
        Role::User => "user",
        Role::Admin => "admin",
        Role::SuperAdmin => "super_admin",
    }
}

fn role(text: &str) -> Result<Role> {
    Ok(match text {
        "user" => Role::User,
        "admin" => Role::Admin,
        "super_admin" => Role::SuperAdmin,
        "bot" => Role::Bot,
        _ => bail!("there is no role `{text}`"),
    })
}

/// A password from standard input, never from an argument that others could see.
fn password() -> Result<String> {
    eprintln!("Type the password, then Enter and Ctrl+D:");
    let mut text = String::new();
    std::io::stdin().take(4096).read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
