//! The names of batches and of the requests in them, by which what a server has is found again.

use domain::coordinates::BoxCoordinates;
use domain::ids::AttemptId;

/// The name of a batch in the server's list, if batches have names there.
pub fn batch_name(token: &str) -> String {
    format!("fieldmark-{token}")
}

/// The custom id of a request: its row in the ledger, a token unique to the batch, and the coordinates that the model is asked
/// for, which the user may change before the answer is there.
pub fn custom_id(attempt: AttemptId, token: &str, coordinates: BoxCoordinates) -> String {
    format!("a{attempt}-{token}-{}", coordinates.name())
}

/// The attempt behind a custom id of the batch with `token`, and the coordinates of its answer; `None` if it belongs to another
/// batch. Ids of earlier versions have no coordinates: their models answer in pixels.
pub fn attempt_called(custom_id: &str, token: &str) -> Option<(AttemptId, BoxCoordinates)> {
    let (attempt, rest) = custom_id.strip_prefix('a')?.split_once('-')?;
    let (its_token, coordinates) = match rest.split_once('-') {
        Some((its_token, name)) => (its_token, name.parse().ok()?),
        None => (rest, BoxCoordinates::PixelXyxy),
    };
    let attempt = attempt.parse().ok().map(AttemptId)?;
    (its_token == token).then_some((attempt, coordinates))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_told_from_those_of_other_batches() {
        for coordinates in BoxCoordinates::ALL {
            let id = custom_id(AttemptId(u32::MAX), "0badcafe", coordinates);
            assert!(providers::batch::is_custom_id(&id), "{id}");
            assert_eq!(attempt_called(&id, "0badcafe"), Some((AttemptId(u32::MAX), coordinates)));
        }
        let earlier = Some((AttemptId(123), BoxCoordinates::PixelXyxy));
        assert_eq!(attempt_called("a123-0badcafe", "0badcafe"), earlier);
        for other in
            ["a123-0badcaff", "b123-0badcafe", "a-0badcafe", "a123", "", "a123-0badcafe-", "a123-0badcafe-furlongs"]
        {
            assert_eq!(attempt_called(other, "0badcafe"), None, "{other}");
        }
    }
}
