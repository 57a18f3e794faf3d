"""From mapped rows to records, in the caller's transaction: stage, match, judge, write.

The steps speak through temporary tables that vanish with the transaction:

    stage_rows, stage_client, stage_case, stage_document    what the file says, as it says it
    stage_shielded, stage_problems                          whom unread rows name; what was wrong
    match_client, match_case, match_document                one row per record: folded, and held against what we know
    outcome                                                 one row per good file row

Nothing but `write` touches a lasting table, so a dry run or a held file stops before it and has changed nothing.
"""
