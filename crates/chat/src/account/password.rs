//! Passwords: which are acceptable, and argon2id hashes of them in a pool of bounded size.
//!
//! Must not tell whether an account exists: checking a password of nobody takes as long as a real check.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::limits::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
use crate::ports::Rng;

/// Refuses what is too short, too long, well known, or the user name itself. Nothing is cut off or trimmed.
pub fn check(password: &str, username: &str) -> Result<()> {
    let chars = password.chars().count();
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&chars) || password.len() > PASSWORD_BYTES_MAX {
        return Err(Error::invalid(
            "password",
            format!("must be {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters"),
        ));
    }
    if password.contains('\0') {
        return Err(Error::invalid("password", "must not contain a NUL character"));
    }
    let lower = password.to_lowercase();
    if lower == username {
        return Err(Error::invalid("password", "must not be the user name"));
    }
    if COMMON.lines().any(|common| common == lower) {
        return Err(Error::invalid(
            "password",
            "is one that many people use; choose another",
        ));
    }
    Ok(())
}

/// Whether the hash was made with weaker parameters than those of today.
pub fn is_weak(phc: &str) -> bool {
    let Ok(hash) = PasswordHash::new(phc) else {
        return true;
    };
    let Ok(params) = Params::try_from(&hash) else {
        return true;
    };
    hash.algorithm != Algorithm::Argon2id.ident() || params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES
}

/// Hashes and checks, as many at once as there are cores; more wait, and far more are refused.
pub struct Passwords {
    running: Arc<Semaphore>,
    /// Running and waiting.
    admitted: Arc<Semaphore>,
    /// The hash of a password that nobody knows.
    dummy: String,
}

impl Passwords {
    /// Makes one hash, to compare the passwords of unknown accounts with; takes some milliseconds.
    pub fn new(rng: &dyn Rng) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut nobody = [0; 32];
        rng.fill(&mut nobody);
        Ok(Self {
            running: Arc::new(Semaphore::new(cores)),
            admitted: Arc::new(Semaphore::new(cores + WAITING_MAX)),
            dummy: hash(&nobody)?,
        })
    }

    /// The PHC string of argon2id. `Unavailable` if too many wait.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        self.run(move || hash(password.as_bytes())).await?
    }

    /// Whether the password fits; `None` stands for an account that does not exist, and never fits.
    pub async fn verify(&self, password: &str, phc: Option<&str>) -> Result<bool> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let known = phc.is_some();
        let phc = phc.unwrap_or(&self.dummy).to_owned();
        let password = password.to_owned();
        let fits = self.run(move || fits(password.as_bytes(), &phc)).await?;
        Ok(fits && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let busy = Error::Unavailable {
            retry_after: Duration::from_secs(2),
        };
        let admitted = Arc::clone(&self.admitted)
            .try_acquire_owned()
            .map_err(|_| busy.clone())?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| busy)?;
        // The permits go along: if the caller goes away, the hash still runs and still counts.
        let done = tokio::task::spawn_blocking(move || {
            let _permits = (admitted, running);
            work()
        });
        done.await.map_err(|defect| {
            tracing::error!(%defect, "a password could not be hashed");
            Error::Internal
        })
    }
}

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes that may wait for a core.
const WAITING_MAX: usize = 64;

/// Folded to lower case, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| Error::Internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8]) -> Result<String> {
    let hash: PasswordHash = argon2()?.hash_password(password).map_err(|defect| {
        tracing::error!(%defect, "argon2 failed");
        Error::Internal
    })?;
    Ok(hash.to_string())
}

fn fits(password: &[u8], phc: &str) -> bool {
    let Ok(hash) = PasswordHash::new(phc) else {
        tracing::error!("a stored password hash cannot be read");
        return false;
    };
    Argon2::default().verify_password(password, &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Rng for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn at_once<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(work)
    }

    #[test]
    fn passwords_are_long_enough_rare_and_not_the_name() {
        let longest = "x".repeat(PASSWORD_CHARS_MAX);
        for good in [
            "correct horse",
            "пароль-дня",
            "        ",
            "8 chars!",
            &longest,
            "p4s$ w0rd of mine",
        ] {
            assert!(check(good, "ada").is_ok(), "{good:?}");
        }
        let long = "x".repeat(PASSWORD_CHARS_MAX + 1);
        let heavy = "🦀".repeat(PASSWORD_CHARS_MAX);
        assert_eq!(heavy.len(), PASSWORD_BYTES_MAX, "the longest in bytes is just within");
        for bad in [
            "",
            "1234567",
            &long,
            "password",
            "PASSWORD1",
            "Qwertzuiop",
            "ada.lovelace",
            "a\0bcdefgh",
        ] {
            assert!(check(bad, "ada.lovelace").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_list_of_common_passwords_is_of_use() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() >= 200);
        for line in lines {
            assert_eq!(line, line.to_lowercase(), "must be folded");
            assert!(line.chars().count() >= PASSWORD_CHARS_MIN, "{line} is refused anyway");
        }
    }

    #[test]
    fn only_the_right_password_fits_and_nobody_s_never_does() {
        let passwords = Passwords::new(&Fixed).unwrap();
        at_once(async {
            let phc = passwords.hash("correct horse").await.unwrap();
            assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
            assert_ne!(
                phc,
                passwords.hash("correct horse").await.unwrap(),
                "each hash has its own salt"
            );
            assert!(passwords.verify("correct horse", Some(&phc)).await.unwrap());
            for wrong in ["correct horsf", "correct horse ", "Correct horse", ""] {
                assert!(!passwords.verify(wrong, Some(&phc)).await.unwrap(), "{wrong:?}");
            }
            let nobody = String::from_utf8(vec![7; 32]).unwrap();
            assert!(
                !passwords.verify(&nobody, None).await.unwrap(),
                "not even the dummy's own"
            );
            assert!(!passwords.verify("correct horse", Some("plain text")).await.unwrap());
        });
    }

    #[test]
    fn weaker_hashes_are_known() {
        let today = hash(b"correct horse").unwrap();
        assert!(!is_weak(&today));
        for weak in [
            today.replace("m=19456", "m=4096"),
            today.replace("t=2", "t=1"),
            today.replace("argon2id", "argon2i"),
            "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
        ] {
            assert!(is_weak(&weak), "{weak}");
        }
        assert!(!is_weak(&today.replace("m=19456", "m=65536")));
    }

    #[test]
    fn a_crowd_waits_in_a_queue_that_ends() {
        let passwords = Passwords::new(&Fixed).unwrap();
        let places = passwords.admitted.available_permits();
        at_once(async {
            let held = Arc::clone(&passwords.admitted)
                .acquire_many_owned(places as u32)
                .await
                .unwrap();
            let refused = passwords.hash("correct horse").await;
            assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
            drop(held);
            assert!(passwords.hash("correct horse").await.is_ok());
        });
        assert!(places > WAITING_MAX);
    }
}
