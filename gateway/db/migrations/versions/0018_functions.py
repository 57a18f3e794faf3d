"""Functions come from their files: what they do stays, all of them say what they are for and who may call them."""

revision = "0018"
down_revision = "0017"

functions = {
    "accounts_of": "64e1001e1e6d",
    "analyze_records": "0d35c1ecfd9c",
    "answer_checks": "fd2091a8203f",
    "check_sightings": "d95e8033f2d6",
    "ensure_audit_partitions": "3029b9f9779e",
    "entries_naming": "af9e687c46e7",
    "erase_audit": "5694a29f2b26",
    "erased_values": "22bba7dcbe0f",
    "gateway_now": "2ca89cb762c7",
    "screened_partners": "9c781a2d40d0",
    "sign_in": "87009ea24988",
}


def upgrade() -> None:
    """Nothing of its own: `gateway.db.functions` puts them in place after the newest revision."""
