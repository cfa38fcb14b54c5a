-- rows.sql as it was for databases of version 6 and 7, which are still read.

CREATE VIEW event AS                 -- one operation
SELECT e.id,                         -- order of start over all threads, counted from the process's beginning
  k.thread_id,                       -- thread.id
  e.id - e.elsewhere AS number,      -- order of start within its thread, from 0
  t.start_ns + e.start * 64 AS start_ns, -- Unix time, nanoseconds
  CASE WHEN e.lasted >= 0 THEN e.lasted * 64 WHEN e.lasted < -2 THEN (-3 - e.lasted) * 64 END
    AS duration_ns,                  -- NULL: entered and never left, or its end was lost
  e.step,                            -- optimizer steps finished before it
  k.phase,                           -- forward, backward, optimizer, eval, data, load, other
  k.micro_batch,                     -- forward/backward rounds before it within its step, from 0
  CASE WHEN e.lasted = -1 THEN 'open' WHEN e.lasted < 0 THEN 'failed' ELSE 'ok' END AS status,
  k.depth,                           -- recorded operations around it
  e.parent_id,                       -- the operation around it, if recorded
  k.signature_id, k.output_signature_id,
  k.site_id,                         -- NULL: no Python frame, or lost
  t.sequence + e.sequence AS sequence, -- autograd sequence number that its node would get
  t.scope_id + e.scope AS scope_id,  -- innermost range around it on its thread
  k.grad,                            -- 1: autograd was recording
  e.tensors                          -- identities of inputs, then outputs: see tensor_blob in ARCHITECTURE.md
FROM event_row e
CROSS JOIN event_kind k ON k.id = e.kind_id
CROSS JOIN step t ON t.step = e.step;

CREATE VIEW scope AS                 -- a named range: backward node, optimizer step, data loader, user's range
SELECT r.id, k.thread_id, k.kind, k.name,
  r.sequence,                        -- backward: the node's autograd sequence number
  (p.start_ns / 64 + r.start) * 64 AS start_ns,          -- Unix time, nanoseconds
  (p.start_ns / 64 + r.start + r.lasted) * 64 AS end_ns, -- NULL if it never ended (or its end was lost)
  r.parent_id
FROM scope_row r
CROSS JOIN scope_kind k ON k.id = r.kind_id
CROSS JOIN process p;
