"""Tables of decided cases: of a firm's past, or as authorities publish them; they name nobody and belong to no client.

They are no feed: there is nobody to whom a row belongs, nothing that staff could have corrected, and nothing that ends
by not being listed. What was imported last counts, and a row is told by its source and case number alone.
"""
