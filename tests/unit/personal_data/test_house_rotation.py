"""What is the house's is rotated too: the secrets that sign webhooks, the one before the last included."""

import sqlalchemy as sa

from tests.support.messages import endpoint_at
from underwriting.personal_data.rotation import Rotation
from underwriting.platform.data_keys import StoredDataKeys
from underwriting.platform.encryption import Cipher, key_id_of
from underwriting.platform.key_models import DataKeyRow
from underwriting.platform.key_store import GivenKeys
from underwriting.platform.message_models import WebhookEndpoint
from underwriting.platform.runtime import Runtime
from underwriting.platform.webhook_endpoints import WebhookEndpoints

FIRST, SECOND = b"e" * 32, b"2" * 32


def test_both_secrets_of_an_endpoint_come_under_the_new_key_and_say_the_same(runtime: Runtime) -> None:
    endpoint_id, before = endpoint_at(runtime, "https://127.0.0.1:9/hook")
    _, after = WebhookEndpoints(runtime).rotate(endpoint_id, actor="staff:1")
    keys = StoredDataKeys(runtime.database, GivenKeys({2: SECOND, 1: FIRST}))
    rotation = Rotation(runtime.database, Cipher(keys, index_key=b"i" * 32, first_key=FIRST), keys)
    with runtime.database.transaction() as session:
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        assert rotation.run(at=runtime.clock.now()).is_whole
        row = session.get_one(WebhookEndpoint, endpoint_id, populate_existing=True)
        stored = [row.secret_encrypted, row.previous_secret_encrypted or b""]
        under = {session.get_one(DataKeyRow, key_id_of(one), populate_existing=True) for one in stored}
        assert [(key.subject, key.version, key.retired_at) for key in under] == [("house", 2, None)]
        alone = Cipher(StoredDataKeys(runtime.database, GivenKeys({2: SECOND})), index_key=b"i" * 32)
        read = [alone.decrypt(one, context="webhook_endpoint.secret").decode() for one in stored]
    assert read == [after, before]
