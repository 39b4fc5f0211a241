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

use crate::pages::journeys::signed_in;
use crate::support::fixtures::Office;
use crate::support::service::{Client, serve, token, tokens};
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
async fn insert_token_row(app: &TestApp, person: PersonId, jti: &str) {
    let now = app.commands.now().as_microsecond();
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
        microgrants::store::tokens::insert(app.store(), ORGANISATION, &row)
            .await
            .unwrap()
    );
}

/// A value with one field changed, or removed if the new value is null.
fn with(base: &Value, field: &str, value: Value) -> Value {
    let mut changed = base.clone();
    match value {
        Value::Null => drop(changed.as_object_mut().unwrap().remove(field)),
        value => changed[field] = value,
    }
    changed
}

/// A forged token, and how it was made.
type Forged = (String, String);

/// Makes forged tokens from the header and claims of a good one.
struct Forger {
    secret: [u8; 32],
    public_key: Vec<u8>,
    header: Value,
    claims: Value,
    now: i64,
}

impl Forger {
    fn new(app: &TestApp, person: PersonId) -> Self {
        let own = tokens(app);
        let now = app.commands.now().as_second();
        let SecretKey { secret, .. } = app.keys.token.clone();
        Self {
            secret,
            public_key: own.public_key.to_vec(),
            header: json!({ "alg": "EdDSA", "typ": "JWT", "kid": own.key_id() }),
            claims: json!({
                "sub": person, "iss": format!("microgrants/{ORGANISATION}"),
                "aud": "microgrants-api", "iat": now, "exp": now + 600, "jti": "1",
            }),
            now,
        }
    }

    /// The good token, whose row has the id "1".
    fn good(&self) -> String {
        sign_token(&self.secret, &self.header, &self.claims)
    }

    fn changed_headers(&self, other_key_id: &str) -> Vec<Forged> {
        let algorithms = vec![
            json!("none"),
            json!("None"),
            json!("HS256"),
            json!("RS256"),
            json!("ES256"),
            json!("EdDSA2"),
            json!(7),
            Value::Null,
        ];
        let critical = vec![json!(["exp"]), json!([]), json!(["b64"]), json!("exp")];
        let keys = vec![
            json!(""),
            json!("../../../../dev/null"),
            json!("' OR '1'='1"),
            json!(other_key_id),
            json!(["x"]),
            Value::Null,
        ];
        let all = [("alg", algorithms), ("crit", critical), ("kid", keys)];
        each_value(all)
            .map(|(field, value)| {
                let how = format!("header {field} = {value}");
                let header = with(&self.header, field, value);
                (how, sign_token(&self.secret, &header, &self.claims))
            })
            .collect()
    }

    fn changed_claims(&self) -> Vec<Forged> {
        let all = [
            (
                "aud",
                vec![json!("another"), json!(["another"]), json!(""), Value::Null],
            ),
            (
                "iss",
                vec![json!("microgrants/another"), json!("another"), Value::Null],
            ),
            ("exp", vec![json!("9999999999"), json!(-1), Value::Null]),
            (
                "nbf",
                vec![json!(self.now + 300), json!(u64::from(u32::MAX))],
            ),
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
        ];
        each_value(all)
            .map(|(field, value)| {
                let how = format!("claim {field} = {value}");
                let claims = with(&self.claims, field, value);
                (how, sign_token(&self.secret, &self.header, &claims))
            })
            .collect()
    }

    /// A foreign key, also when the token embeds it or links to it.
    fn with_foreign_key(&self) -> Vec<Forged> {
        let theirs = [7; 32];
        let x = URL_SAFE_NO_PAD.encode(
            ed25519_dalek::SigningKey::from_bytes(&theirs)
                .verifying_key()
                .to_bytes(),
        );
        let header = &self.header;
        let brought = [
            header.clone(),
            with(
                header,
                "jwk",
                json!({ "kty": "OKP", "crv": "Ed25519", "x": x }),
            ),
            with(header, "jku", json!("https://elsewhere.example/jwks.json")),
            with(header, "x5u", json!("https://elsewhere.example/key.pem")),
        ];
        brought
            .iter()
            .map(|header| {
                (
                    format!("a key of theirs, {header}"),
                    sign_token(&theirs, header, &self.claims),
                )
            })
            .collect()
    }

    /// Our public key used as an HMAC secret.
    fn with_public_key_as_secret(&self) -> Vec<Forged> {
        let header = with(&self.header, "alg", json!("HS256"));
        let said = format!("{}.{}", base64_json(&header), base64_json(&self.claims));
        [
            self.public_key.clone(),
            URL_SAFE_NO_PAD.encode(&self.public_key).into_bytes(),
        ]
        .map(|public| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&public).unwrap();
            mac.update(said.as_bytes());
            let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
            (
                "our public key as a secret".to_owned(),
                format!("{said}.{signature}"),
            )
        })
        .into()
    }

    /// The parts of the good token, without one, with another, or in another number.
    fn with_changed_parts(&self) -> Vec<Forged> {
        let good = self.good();
        let parts: Vec<_> = good.split('.').collect();
        let [head, body, signature] = parts[..] else {
            panic!("three parts")
        };
        let longer = base64_json(&with(&self.claims, "exp", json!(self.now + 60_000)));
        let none = base64_json(&with(&self.header, "alg", json!("none")));
        let zeros = "A".repeat(signature.len());
        let half = &signature[..signature.len() / 2];
        [
            ("no signature", format!("{head}.{body}.")),
            ("no algorithm and no signature", format!("{none}.{body}.")),
            ("two parts", format!("{head}.{body}")),
            ("four parts", format!("{good}.x")),
            (
                "other claims under the signature",
                format!("{head}.{longer}.{signature}"),
            ),
            ("a signature of zeros", format!("{head}.{body}.{zeros}")),
            ("half a signature", format!("{head}.{body}.{half}")),
            ("not base64", format!("{head}.{body}.€")),
            (
                "a very long one",
                format!("{head}.{}.{signature}", "A".repeat(60_000)),
            ),
        ]
        .map(|(how, token)| (how.to_owned(), token))
        .into()
    }
}

/// Each field with each of its values.
fn each_value<const N: usize>(
    fields: [(&str, Vec<Value>); N],
) -> impl Iterator<Item = (&str, Value)> {
    fields
        .into_iter()
        .flat_map(|(field, values)| values.into_iter().map(move |value| (field, value)))
}

on_sqlite!(no_forged_token_lets_anybody_in);
async fn no_forged_token_lets_anybody_in(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve(&app, office.ada);
    let forger = Forger::new(&app, office.ada);
    let good = client.with_token(&forger.good());
    assert_eq!(
        good.get("/api/v1/funds").status,
        401,
        "one that nobody made here is none"
    );
    insert_token_row(&app, office.ada, "1").await;
    assert_eq!(
        good.get("/api/v1/funds").status,
        200,
        "what these are made from is good"
    );
    let tokens = [
        forger.changed_headers(&app.keys.checkpoint.id),
        forger.changed_claims(),
        forger.with_foreign_key(),
        forger.with_public_key_as_secret(),
        forger.with_changed_parts(),
    ]
    .concat();

    for (how, token) in &tokens {
        assert_not_let_in(&client, how, token);
    }

    eprintln!("tokens: {} forged, none let in", tokens.len());
}

fn assert_not_let_in(client: &Client, how: &str, token: &str) {
    let Ok(answer) = client.with_token(token).try_get("/api/v1/funds") else {
        assert!(
            !token.is_ascii(),
            "{how}: only what is no header at all is not sent"
        );
        return;
    };
    if token.len() > 50_000 && answer.status != 401 {
        assert!(
            (400..500).contains(&answer.status),
            "{how}: {}",
            answer.status
        );
        return;
    }
    assert!(
        answer.status == 401 && ["unauthenticated", "token_expired"].contains(&answer.code()),
        "{how}: {} {}",
        answer.status,
        answer.body
    );
}

on_sqlite!(a_token_or_session_in_another_place_lets_nobody_in);
/// A valid token is accepted only in the `Authorization` header, and a session cookie of the pages
/// is not a token.
async fn a_token_or_session_in_another_place_lets_nobody_in(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve(&app, office.ada);
    let good = Forger::new(&app, office.ada).good();
    insert_token_row(&app, office.ada, "1").await;
    let mut browser = signed_in(&app, client.address(), office.ada).await;
    let session = browser.cookies["session"].clone();
    let nobody = client.with_token("");

    nobody
        .get(&format!("/api/v1/funds?access_token={good}"))
        .assert_problem(401, "unauthenticated");
    for cookie in [
        format!("session={good}; token={good}"),
        format!("session={session}"),
    ] {
        nobody
            .get_with("/api/v1/funds", &[("Cookie", &cookie)])
            .assert_problem(401, "unauthenticated");
    }

    assert_eq!(browser.get("/desk").status, 200);
    assert_eq!(
        client
            .with_token(&token(&app, office.ada))
            .get("/api/v1/funds")
            .status,
        200
    );
}
