//! Signatures of Standard Webhooks 1.0: an HMAC over id, time and body, by which receivers know who speaks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chat::ids::Timestamp;
use chat::relay::Webhook;
use ring::hmac;

/// The header `webhook-signature`: by the key, and by the one before while receivers change over.
pub(super) fn sign(webhook: &Webhook, id: &str, now: Timestamp, body: &[u8]) -> String {
    let seconds = now.0.div_euclid(1_000_000);
    let mut signed = format!("{id}.{seconds}.").into_bytes();
    signed.extend_from_slice(body);
    let old = webhook.old_secret.iter().filter(|(_, until)| now < *until);
    let keys = [&webhook.secret].into_iter().chain(old.map(|(secret, _)| secret));
    let signatures = keys.map(|key| {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &signed);
        format!("v1,{}", STANDARD.encode(tag))
    });
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use chat::relay::Rooms;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_example_of_the_specification_is_signed_as_it_says() {
        // From the documents of Standard Webhooks' libraries.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let mut webhook = Webhook {
            id: Uuid::nil(),
            url: String::new(),
            rooms: Rooms::All,
            secret: secret.clone(),
            old_secret: None,
            created_at: Timestamp(0),
            failing_since: None,
            disabled: None,
        };
        let now = Timestamp(1_614_265_330_000_000);
        let signed =
            |webhook: &Webhook, now| sign(webhook, "msg_p5jXN8AQM9LWM0D4loKWxJek", now, br#"{"test": 2432232314}"#);
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed(&webhook, now), expected);
        webhook.old_secret = Some((b"another".to_vec(), Timestamp(now.0 + 1)));
        assert_eq!(signed(&webhook, now).split(' ').count(), 2);
        webhook.old_secret = Some((b"another".to_vec(), now));
        assert_eq!(signed(&webhook, now), expected);
    }
}
