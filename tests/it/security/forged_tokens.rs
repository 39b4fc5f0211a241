//! Forged tokens: wrong algorithm, key or claims, or sent in the wrong place.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use hmac::{Hmac, Mac as _};
use microgrants::crypto::keys::SecretKey;
use microgrants::domain::PersonId;
use microgrants::store::tokens::TokenRow;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::fixtures::Office;
use crate::support::service::{serve, token, tokens};
use crate::support::test_app::{ORGANISATION, TestApp};

fn base64_json(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token with any header and claims, signed by an Ed25519 key like ours.
fn sign_token(secret: &[u8; 32], header: &Value, claims: &Value) -> String {
    let said = format!("{}.{}", base64_json(header), base64_json(claims));
    let signature = ed25519_dalek::SigningKey::from_bytes(secret).sign(said.as_bytes());
    format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// Inserts the row of a token, as creating one would.
async fn insert_token_row(house: &TestApp, person: PersonId, jti: &str) {
    let now = house.commands.now().as_microsecond();
    let row = TokenRow {
        jti: jti.to_owned(),
        person: person.to_string(),
        name: "forged".to_owned(),
        roles: "officer".to_owned(),
        access: 0,
        made_by: "operator".to_owned(),
        made_at: now,
        expires_at: now + 600_000_000,
        used_at: None,
        ended_at: None,
    };
    assert!(
        microgrants::store::tokens::insert(house.store(), ORGANISATION, &row)
            .await
            .unwrap()
    );
}

on_sqlite!(no_forged_token_lets_anybody_in);
async fn no_forged_token_lets_anybody_in(house: TestApp) {
    let office = Office::open(&house, 1000).await;
    let client = serve(&house, office.ada);
    let own = tokens(&house);
    let now = house.commands.now().as_second();
    let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": own.key_id() });
    let claims = json!({
        "sub": office.ada, "iss": format!("microgrants/{ORGANISATION}"), "aud": "microgrants-api", "iat": now, "exp": now + 600, "jti": "1",
    });
    let SecretKey { secret, .. } = house.keys.token.clone();
    let with = |base: &Value, field: &str, value: Value| {
        let mut changed = base.clone();
        match value {
            Value::Null => drop(changed.as_object_mut().unwrap().remove(field)),
            value => changed[field] = value,
        }
        changed
    };
    let good = sign_token(&secret, &header, &claims);
    let client_of = |token: &str| client.with_token(token).get("/api/v1/funds").status;
    assert_eq!(client_of(&good), 401, "one that nobody made here is none");
    insert_token_row(&house, office.ada, "1").await;
    assert_eq!(
        client.with_token(&good).get("/api/v1/funds").status,
        200,
        "what these are made from is good"
    );
    let mut forged: Vec<(String, String)> = Vec::new();
    for (field, values) in [
        (
            "alg",
            vec![
                json!("none"),
                json!("None"),
                json!("HS256"),
                json!("RS256"),
                json!("ES256"),
                json!("EdDSA2"),
                json!(7),
                Value::Null,
            ],
        ),
        (
            "crit",
            vec![json!(["exp"]), json!([]), json!(["b64"]), json!("exp")],
        ),
        (
            "kid",
            vec![
                json!(""),
                json!("../../../../dev/null"),
                json!("' OR '1'='1"),
                json!(house.keys.checkpoint.id),
                json!(["x"]),
                Value::Null,
            ],
        ),
    ] {
        for value in values {
            forged.push((
                format!("header {field} = {value}"),
                sign_token(&secret, &with(&header, field, value), &claims),
            ));
        }
    }
    for (field, values) in [
        (
            "aud",
            vec![json!("another"), json!(["another"]), json!(""), Value::Null],
        ),
        (
            "iss",
            vec![json!("microgrants/another"), json!("another"), Value::Null],
        ),
        ("exp", vec![json!("9999999999"), json!(-1), Value::Null]),
        ("nbf", vec![json!(now + 300), json!(u64::from(u32::MAX))]),
        ("jti", vec![json!("2"), json!(""), json!(1), Value::Null]),
        (
            "sub",
            vec![
                json!("x"),
                json!("00000000-0000-0000-0000-000000000000"),
                json!(["x"]),
                Value::Null,
            ],
        ),
        ("roles", vec![json!(["king"]), json!("administrator")]),
    ] {
        for value in values {
            forged.push((
                format!("claim {field} = {value}"),
                sign_token(&secret, &header, &with(&claims, field, value)),
            ));
        }
    }
    // A foreign key, also when the token embeds it or links to it.
    let theirs = [7; 32];
    let x = URL_SAFE_NO_PAD.encode(
        ed25519_dalek::SigningKey::from_bytes(&theirs)
            .verifying_key()
            .to_bytes(),
    );
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
    let brought = [
        header.clone(),
        with(&header, "jwk", jwk),
        with(&header, "jku", json!("https://elsewhere.example/jwks.json")),
        with(&header, "x5u", json!("https://elsewhere.example/key.pem")),
    ];
    forged.extend(brought.iter().map(|header| {
        (
            format!("a key of theirs, {header}"),
            sign_token(&theirs, header, &claims),
        )
    }));
    // Our public key used as an HMAC secret.
    let hmac = with(&header, "alg", json!("HS256"));
    for public in [
        own.public_key.to_vec(),
        URL_SAFE_NO_PAD.encode(own.public_key).into_bytes(),
    ] {
        let said = format!("{}.{}", base64_json(&hmac), base64_json(&claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(&public).unwrap();
        mac.update(said.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        forged.push((
            "our public key as a secret".to_owned(),
            format!("{said}.{signature}"),
        ));
    }
    let parts: Vec<_> = good.split('.').collect();
    let [head, body, signature] = parts[..] else {
        panic!("three parts")
    };
    let longer = base64_json(&with(&claims, "exp", json!(now + 60_000)));
    for (how, token) in [
        ("no signature", format!("{head}.{body}.")),
        (
            "no algorithm and no signature",
            format!(
                "{}.{body}.",
                base64_json(&with(&header, "alg", json!("none")))
            ),
        ),
        ("two parts", format!("{head}.{body}")),
        ("four parts", format!("{good}.x")),
        (
            "other claims under the signature",
            format!("{head}.{longer}.{signature}"),
        ),
        (
            "a signature of zeros",
            format!("{head}.{body}.{}", "A".repeat(signature.len())),
        ),
        (
            "half a signature",
            format!("{head}.{body}.{}", &signature[..signature.len() / 2]),
        ),
        ("not base64", format!("{head}.{body}.€")),
        (
            "a very long one",
            format!("{head}.{}.{signature}", "A".repeat(60_000)),
        ),
    ] {
        forged.push((how.to_owned(), token));
    }
    for (how, token) in &forged {
        let Ok(answer) = client.with_token(token).try_get("/api/v1/funds") else {
            assert!(
                !token.is_ascii(),
                "{how}: only what is no header at all is not sent"
            );
            continue;
        };
        if token.len() > 50_000 && answer.status != 401 {
            assert!(
                (400..500).contains(&answer.status),
                "{how}: {}",
                answer.status
            );
            continue;
        }
        assert!(
            answer.status == 401 && ["unauthenticated", "token_expired"].contains(&answer.code()),
            "{how}: {} {}",
            answer.status,
            answer.body
        );
    }
    elsewhere(&house, &office, &client, &good).await;
    eprintln!("tokens: {} forged, none let in", forged.len());
}

async fn elsewhere(
    house: &TestApp,
    office: &Office,
    client: &crate::support::service::Client,
    good: &str,
) {
    // A valid token is accepted only in the `Authorization` header.
    let nobody = client.with_token("");
    nobody
        .get(&format!("/api/v1/funds?access_token={good}"))
        .assert_problem(401, "unauthenticated");
    nobody
        .get_with(
            "/api/v1/funds",
            &[("Cookie", &format!("session={good}; token={good}"))],
        )
        .assert_problem(401, "unauthenticated");
    // A session cookie of the pages is not a token.
    let mut browser = crate::pages::journeys::signed_in(house, client.address(), office.ada).await;
    let session = browser.cookies["session"].clone();
    nobody
        .get_with(
            "/api/v1/funds",
            &[("Cookie", &format!("session={session}"))],
        )
        .assert_problem(401, "unauthenticated");
    assert_eq!(browser.get("/desk").status, 200);
    assert!(
        client
            .with_token(&token(house, office.ada))
            .get("/api/v1/funds")
            .status
            == 200
    );
}
