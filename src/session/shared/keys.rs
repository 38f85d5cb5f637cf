//! Reading keys of Redis, and finding them.

use redis::aio::MultiplexedConnection;
use redis::cmd;

use super::error::SharedError;

/// The entries at these keys.
pub(super) async fn read(
    connection: &mut MultiplexedConnection,
    keys: &[String],
) -> Result<Vec<Option<Vec<u8>>>, SharedError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    cmd("MGET").arg(keys).query_async(connection).await.map_err(SharedError::of)
}

/// All keys of a pattern, each once. Keys of others that happen to fit it are not UTF-8 or no names of ours.
pub(super) async fn scan(connection: &mut MultiplexedConnection, pattern: &str) -> Result<Vec<String>, SharedError> {
    // SCAN and not KEYS, which would make every node wait while Redis looks at all its keys.
    let (mut cursor, mut keys) = (0_u64, Vec::new());
    loop {
        let mut step = cmd("SCAN");
        step.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(1000);
        let (next, found): (u64, Vec<Vec<u8>>) = step.query_async(connection).await.map_err(SharedError::of)?;
        keys.extend(found.into_iter().filter_map(|key| String::from_utf8(key).ok()));
        cursor = next;
        if cursor == 0 {
            // SCAN may return a key more than once.
            keys.sort_unstable();
            keys.dedup();
            return Ok(keys);
        }
    }
}
