---------------------------------- MODULE Roll ----------------------------------
(***************************************************************************)
(* The roll as plain writes (P6), with the commits that race it (P2 to P5),*)
(* sealing, deletion of pages and payloads, collection, and a reader.      *)
(*                                                                         *)
(* A roll reads the head and then sends, in this order:                    *)
(*   the page (a plain put under the roll's own key),                      *)
(*   the evicted producers' states (plain puts, forward only),             *)
(*   one conditional update of the head.                                   *)
(* Each executes late, more than once, or never; its answer may be lost;   *)
(* a roller may stop between any two of them.  A page whose head update    *)
(* failed stays in the table: an orphan.                                   *)
(*                                                                         *)
(* Chain = TRUE:  a page counts only if `prev' pointers lead to it from    *)
(*                the head's `last'.                                       *)
(* Chain = FALSE: every page counts, an orphan too.  It was copied from a  *)
(*                head that was read, so it tells facts: which entry has   *)
(*                which number.  What is needed is coverage: each number   *)
(*                wanted lies in some page.                                *)
(*                                                                         *)
(* Entries are numbered from 0 and have one record each: partitions,       *)
(* offsets, sealing by racing sealers, merging and retention are in        *)
(* Shard.tla.                                                              *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC
CONSTANTS
  Work,       \* [client -> Seq(<<epoch, sequence>>)]; epoch 0: a plain client (P5), else an idempotent one (P4)
  MaxAtt,     \* invocations an idempotent client may try for one entry
  MaxTry,     \* commits one invocation may send
  MaxRolls,
  Evict,      \* a roll may evict producers from the head
  Seals,      \* the frontier moves
  Expire,     \* pages below the frontier get deleted, any of them, any time
  PayDrop,    \* payloads of entries below the frontier get deleted, any of them, any time
  MaxClock, MaxGC,
  ReaderOn, ReaderEC,
  Chain,
  \* guards
  PutFirst,   \* the head update is sent after the page's put was acknowledged
  StatesFirst,\* ... and after the producers' states were acknowledged
  HeadCond,   \* "both" (gen and tseq) | "gen" | "tseq" | "none"
  EvictCond,  \* ... and each evicted producer's state is unchanged
  StateRule,  \* a producer state is put if absent or "epoch": (epoch, sequence) is lower | "base": its entry number is lower |
              \*   "seq": the sequence alone is lower | "any": put without a condition
  PageKey,    \* "roll": a page's key ends in the roll's own id | "tseq": it does not
  GenCond,    \* a producer absent from the head: commit needs gen = the one read with it
  Bump,       \* P5 bumps ep before it looks
  CoverWalk,  \* P5: a number that no page covers makes the answer unknown
  CoverRead,  \* reader: ... makes it start again
  FloorStart, \* look from the page with the greatest start <= the number wanted (else: from the frontier's key)
  GCFence,    \* commit needs oe > fe
  SealBound,  \* sealing stops at the head's tseq
  DeleteBy    \* a page is deleted when its "end" <= frontier | its "start" < frontier

Clients == DOMAIN Work
Ids == UNION {{<<c, i>> : i \in 1..Len(Work[c])} : c \in Clients}
Ep(x) == Work[x[1]][x[2]][1]
Sq(x) == Work[x[1]][x[2]][2]
Idem(x) == Ep(x) > 0
AttIds == {<<x[1], x[2], k>> : x \in Ids, k \in 1..MaxAtt} \ {<<x[1], x[2], k>> : x \in {y \in Ids : ~Idem(y)}, k \in 2..MaxAtt}
IdOf(a) == <<a[1], a[2]>>
None == [none |-> TRUE]
Empty == [x \in {} |-> 0]
Put(f, k, v) == [x \in DOMAIN f \cup {k} |-> IF x = k THEN v ELSE f[x]]
Rm(f, S) == [x \in DOMAIN f \ S |-> f[x]]
On(f, S) == [x \in S |-> f[x]]
MaxOf(S) == CHOOSE x \in S : \A y \in S : y <= x
MinOf(S) == CHOOSE x \in S : \A y \in S : x <= y
Range(s) == {s[j] : j \in 1..Len(s)}

VARIABLES head, pages, roll, spill, sealed, objs, net, att, acked, elog, gc, rd, clock, ngc
\* pages: which rolls' pages are in the table; roll[r]: what roll r read, and what became of it
\* elog: the entries in commit order, for the invariants;  sealed: what the segments hold
vars == <<head, pages, roll, spill, sealed, objs, net, att, acked, elog, gc, rd, clock, ngc>>
tab == <<pages, roll, spill, sealed>>
cl == <<net, att, acked>>
bg == <<gc, rd, clock, ngc>>

A0 == [st |-> "idle", g |-> 0, tb |-> 0, end |-> 0, last |-> 0, t |-> 0, sent |-> FALSE, old |-> None, oe |-> 0]
End(a, how) == [att EXCEPT ![a] = [A0 EXCEPT !.st = how]]
Front == Len(sealed)

Init ==
  /\ head = [seq |-> 0, tseq |-> 0, gen |-> 0, ep |-> 0, fe |-> 0, last |-> 0, tail |-> <<>>, p |-> Empty]
  /\ pages = {} /\ roll = <<>> /\ spill = Empty /\ sealed = <<>> /\ objs = Empty
  /\ net = {} /\ att = [a \in AttIds |-> A0] /\ acked = Empty /\ elog = <<>>
  /\ gc = [st |-> "idle"] /\ rd = [st |-> "idle", pos |-> 0, bad |-> "ok"] /\ clock = 1 /\ ngc = 0
-----------------------------------------------------------------------------
(* Which pages count, and what they tell *)
RECURSIVE Reach(_, _)
Reach(V, r) == IF r = 0 \/ r \notin V THEN {} ELSE {r} \cup Reach(V, roll[r].prev)
Usable(V, last) == IF Chain THEN Reach(V, last) ELSE V
Holds(r, n) == roll[r].from <= n /\ n < roll[r].nx
Tells(r, n) == roll[r].refs[n - roll[r].from + 1]
Covering(U, n) == {r \in U : Holds(r, n)}
\* what one query finds: the pages with the greatest start <= n (a start below f is not looked at without FloorStart)
Found(U, n, f) ==
  LET F == {r \in U : roll[r].from <= n /\ (FloorStart \/ roll[r].from >= f)}
      G == {r \in F : roll[r].from = MaxOf({roll[q].from : q \in F})} IN
  {r \in G : Holds(r, n)}
-----------------------------------------------------------------------------
(* Producers *)
Ack(x, b) == acked' = IF x \in DOMAIN acked THEN acked ELSE Put(acked, x, b)
Pos(refs, base, a) == base + (CHOOSE j \in 1..Len(refs) : refs[j] = a) - 1

Start(a) ==
  LET x == IdOf(a) y == <<a[1], a[2] - 1>> IN
  /\ att[a].st = "idle" /\ x \notin DOMAIN acked
  /\ a[2] > 1 => y \in DOMAIN acked \/ Ep(x) > Ep(y)   \* a new epoch waits for nothing
  /\ a[3] > 1 => att[<<a[1], a[2], a[3] - 1>>].st # "idle"
  /\ att' = [att EXCEPT ![a].st = "read", ![a].oe = clock]
  /\ objs' = Put(objs, a, clock)
  /\ UNCHANGED <<head, tab, net, acked, elog, bg>>

\* the stored state q against the entry x: what to do
Judge(q, x) == IF Ep(x) < q.e THEN "fenced"
               ELSE IF Ep(x) > q.e THEN (IF Sq(x) = 1 THEN "next" ELSE "gap")
               ELSE IF Sq(x) = q.s THEN "same" ELSE IF Sq(x) = q.s + 1 THEN "next" ELSE IF Sq(x) < q.s THEN "older" ELSE "gap"
Answer(a, q, ready) ==
  LET x == IdOf(a) j == Judge(q, x) IN
  IF j = "next" THEN att' = ready /\ UNCHANGED acked
  ELSE IF j = "same" THEN Ack(x, q.b) /\ att' = End(a, "done")
  ELSE att' = End(a, j) /\ UNCHANGED acked

ReadHead(a) ==
  LET A == att[a] x == IdOf(a) IN
  /\ A.st = "read"
  /\ UNCHANGED <<head, tab, objs, net, elog, bg>>
  /\ IF Idem(x)
     THEN IF a[1] \in DOMAIN head.p
          THEN LET q == head.p[a[1]] IN Answer(a, q, [att EXCEPT ![a].st = "ready", ![a].old = [e |-> q.e, s |-> q.s]])
          ELSE att' = [att EXCEPT ![a].st = "spill", ![a].g = head.gen, ![a].old = None] /\ UNCHANGED acked
     ELSE IF ~A.sent
     THEN att' = [att EXCEPT ![a].st = "ready", ![a].g = head.ep, ![a].tb = head.seq] /\ UNCHANGED acked
     ELSE IF Bump /\ head.ep = A.g
     THEN att' = [att EXCEPT ![a].st = "bump"] /\ UNCHANGED acked
     ELSE IF a \in Range(head.tail)
     THEN Ack(x, Pos(head.tail, head.tseq, a)) /\ att' = End(a, "done")
     ELSE att' = [att EXCEPT ![a].st = "walk", ![a].end = head.tseq, ![a].last = head.last] /\ UNCHANGED acked

BumpEp(a) ==
  /\ att[a].st = "bump"
  /\ head' = IF head.ep = att[a].g THEN [head EXCEPT !.ep = @ + 1] ELSE head
  /\ att' = [att EXCEPT ![a].st = "read"]
  /\ UNCHANGED <<tab, objs, net, acked, elog, bg>>

ReadState(a) ==   \* strong read of the spilled state
  /\ att[a].st = "spill"
  /\ Answer(a, IF a[1] \in DOMAIN spill THEN spill[a[1]] ELSE [e |-> 0, s |-> 0, b |-> 0], [att EXCEPT ![a].st = "ready"])
  /\ UNCHANGED <<head, tab, objs, net, elog, bg>>

Walk(a) ==        \* P5: one page a step, by strong reads, from the seq seen before sending to tseq
  LET A == att[a] U == Usable(pages, A.last) C == Covering(U, A.tb)
      above == {roll[r].from : r \in {q \in U : roll[q].from > A.tb /\ roll[q].from < A.end}} IN
  /\ A.st = "walk"
  /\ UNCHANGED <<head, tab, objs, net, elog, bg>>
  /\ IF A.tb >= A.end
     THEN att' = [att EXCEPT ![a].st = "read", ![a].sent = FALSE, ![a].end = 0, ![a].last = 0] /\ UNCHANGED acked  \* certainly absent
     ELSE IF C # {}
     THEN \E r \in C :
            IF a \in Range(roll[r].refs)
            THEN Ack(IdOf(a), Pos(roll[r].refs, roll[r].from, a)) /\ att' = End(a, "done")
            ELSE att' = [att EXCEPT ![a].tb = roll[r].nx] /\ UNCHANGED acked
     ELSE /\ UNCHANGED acked
          /\ att' = IF CoverWalk THEN End(a, "unknown")
                    ELSE [att EXCEPT ![a].tb = IF above = {} THEN A.end ELSE MinOf(above)]

Send(a) ==
  /\ att[a].st = "ready" /\ att[a].t < MaxTry
  /\ net' = net \cup {[a |-> a, t |-> att[a].t + 1, g |-> att[a].g, old |-> att[a].old, oe |-> att[a].oe]}
  /\ att' = [att EXCEPT ![a].st = "wait", ![a].t = @ + 1, ![a].sent = TRUE]
  /\ UNCHANGED <<head, tab, objs, acked, elog, bg>>

Cond(m) ==
  LET c == m.a[1] IN
  /\ GCFence => m.oe > head.fe
  /\ IF ~Idem(IdOf(m.a)) THEN head.ep = m.g
     ELSE IF m.old # None THEN c \in DOMAIN head.p /\ head.p[c].e = m.old.e /\ head.p[c].s = m.old.s
     ELSE c \notin DOMAIN head.p /\ (GenCond => head.gen = m.g)

Exec(m) ==        \* a commit executes, now or much later; its answer may be lost
  LET a == m.a x == IdOf(a)
      listening == att[a].st = "wait" /\ att[a].t = m.t IN
  /\ m \in net /\ net' = net \ {m}
  /\ UNCHANGED <<tab, objs, bg>>
  /\ IF Cond(m)
     THEN /\ head' = [head EXCEPT !.seq = @ + 1, !.tail = Append(@, a),
                !.p = IF Idem(x) THEN Put(@, a[1], [e |-> Ep(x), s |-> Sq(x), b |-> head.seq]) ELSE @]
          /\ elog' = Append(elog, a)
          /\ \/ listening /\ Ack(x, head.seq) /\ att' = End(a, "done")
             \/ UNCHANGED <<acked, att>>
     ELSE /\ UNCHANGED <<head, elog, acked>>
          /\ \/ listening /\ att' = [att EXCEPT ![a].st = "read"]
             \/ UNCHANGED att

Timeout(a) ==
  /\ att[a].st = "wait" /\ att[a].t < MaxTry
  /\ att' = [att EXCEPT ![a].st = "read"]
  /\ UNCHANGED <<head, tab, objs, net, acked, elog, bg>>
-----------------------------------------------------------------------------
(* Rolls.  A put's answer arrives or does not: whoever goes on has had it. *)
RollRead ==
  /\ Len(roll) < MaxRolls
  /\ \E k \in 1..Len(head.tail) : \E ev \in (IF Evict THEN SUBSET DOMAIN head.p ELSE {{}}) :
       roll' = Append(roll, [gen |-> head.gen, from |-> head.tseq, nx |-> head.tseq + k, refs |-> SubSeq(head.tail, 1, k),
                             prev |-> head.last, ev |-> On(head.p, ev), put |-> FALSE, states |-> {}, won |-> FALSE])
  /\ UNCHANGED <<head, pages, spill, sealed, objs, cl, elog, bg>>

PagePut(r) ==     \* may execute again, also when the page has been deleted meanwhile
  /\ r \notin pages
  /\ pages' = {q \in pages : PageKey = "roll" \/ roll[q].from # roll[r].from} \cup {r}
  /\ roll' = [roll EXCEPT ![r].put = TRUE]
  /\ UNCHANGED <<head, spill, sealed, objs, cl, elog, bg>>

Newer(new, old) ==
  CASE StateRule = "any" -> TRUE
    [] StateRule = "seq" -> old.s < new.s
    [] StateRule = "base" -> old.b < new.b
    [] StateRule = "epoch" -> old.e < new.e \/ (old.e = new.e /\ old.s < new.s)
StatePut(r, c) == \* a condition that fails is an answer too: what is stored is as new
  LET q == roll[r].ev[c] IN
  /\ spill' = IF c \notin DOMAIN spill \/ Newer(q, spill[c]) THEN Put(spill, c, q) ELSE spill
  /\ roll' = [roll EXCEPT ![r].states = @ \cup {c}]
  /\ spill' # spill \/ c \notin roll[r].states
  /\ UNCHANGED <<head, pages, sealed, objs, cl, elog, bg>>

HeadUpdate(r) ==
  LET R == roll[r] k == R.nx - R.from IN
  /\ ~R.won
  /\ PutFirst => R.put
  /\ StatesFirst => R.states = DOMAIN R.ev
  /\ HeadCond \in {"both", "gen"} => head.gen = R.gen
  /\ HeadCond \in {"both", "tseq"} => head.tseq = R.from
  /\ EvictCond => \A c \in DOMAIN R.ev : c \in DOMAIN head.p /\ head.p[c] = R.ev[c]
  /\ head' = [head EXCEPT !.tail = SubSeq(@, k + 1, Len(@)), !.tseq = @ + k, !.gen = @ + 1, !.last = r, !.p = Rm(@, DOMAIN R.ev)]
  /\ roll' = [roll EXCEPT ![r].won = TRUE]
  /\ UNCHANGED <<pages, spill, sealed, objs, cl, elog, bg>>
-----------------------------------------------------------------------------
(* Sealing: reads pages and payloads from the frontier on, up to the end of a page; the frontier is unchanged (Shard.tla) *)
Seal ==
  LET U == Usable(pages, head.last) IN
  /\ Seals
  /\ \E to \in {roll[r].nx : r \in U} :
       /\ to > Front /\ (SealBound => to <= head.tseq)
       /\ \A n \in Front..(to - 1) : \E r \in Found(U, n, Front) : Tells(r, n) \in DOMAIN objs
       /\ sealed' = sealed \o [j \in 1..(to - Front) |->
                      LET n == Front + j - 1 IN Tells(CHOOSE r \in Found(U, n, Front) : TRUE, n)]
  /\ UNCHANGED <<head, pages, roll, spill, objs, cl, elog, bg>>
Delete ==
  /\ Expire
  /\ \E r \in pages : (IF DeleteBy = "end" THEN roll[r].nx <= Front ELSE roll[r].from < Front) /\ pages' = pages \ {r}
  /\ UNCHANGED <<head, roll, spill, sealed, objs, cl, elog, bg>>
DropPayload ==
  /\ PayDrop
  /\ \E n \in 1..Front : sealed[n] \in DOMAIN objs /\ objs' = Rm(objs, {sealed[n]})
  /\ UNCHANGED <<head, tab, cl, elog, bg>>
-----------------------------------------------------------------------------
(* Collection: fence, mark the head, mark the pages in two halves, sweep *)
GCBegin ==
  /\ gc.st = "idle" /\ ngc < MaxGC /\ clock > 1
  /\ head' = IF GCFence /\ head.fe < clock - 1 THEN [head EXCEPT !.fe = clock - 1] ELSE head
  /\ gc' = [st |-> "head", e |-> clock - 1, mark |-> {}, done |-> {}]
  /\ ngc' = ngc + 1
  /\ UNCHANGED <<tab, objs, cl, elog, rd, clock>>
Live(S) == UNION {IF roll[r].nx <= Front THEN {} ELSE Range(roll[r].refs) : r \in S}
GCHead ==
  /\ gc.st = "head"
  /\ gc' = [gc EXCEPT !.st = "half", !.mark = Range(head.tail)]
  /\ UNCHANGED <<head, tab, objs, cl, elog, rd, clock, ngc>>
GCHalf ==
  /\ gc.st = "half"
  /\ \E S \in SUBSET pages : gc' = [gc EXCEPT !.st = "rest", !.mark = @ \cup Live(S), !.done = S]
  /\ UNCHANGED <<head, tab, objs, cl, elog, rd, clock, ngc>>
GCRest ==
  /\ gc.st = "rest"
  /\ gc' = [gc EXCEPT !.st = "sweep", !.mark = @ \cup Live(pages \ gc.done), !.done = {}]
  /\ UNCHANGED <<head, tab, objs, cl, elog, rd, clock, ngc>>
GCSweep ==
  /\ gc.st = "sweep"
  /\ objs' = Rm(objs, {o \in DOMAIN objs : objs[o] <= gc.e /\ o \notin gc.mark})
  /\ gc' = [st |-> "idle"]
  /\ UNCHANGED <<head, tab, cl, elog, rd, clock, ngc>>
Tick == /\ clock < MaxClock /\ clock' = clock + 1
        /\ UNCHANGED <<head, tab, objs, cl, elog, gc, rd, ngc>>
-----------------------------------------------------------------------------
(* Reader, from entry 0.  A stale read is any value an item has had: any earlier head, any earlier frontier, and of the
   pages, which never change, any subset of all that were ever put. *)
RUn == UNCHANGED <<head, tab, objs, cl, elog, gc, clock, ngc>>
Won == {r \in 1..Len(roll) : roll[r].won}
Now == [seq |-> head.seq, tseq |-> head.tseq, last |-> head.last]
Heads == IF ~ReaderEC THEN {Now}
         ELSE {Now} \cup {[seq |-> s, tseq |-> roll[r].nx, last |-> r] : r \in Won, s \in 0..head.seq}
                    \cup {[seq |-> s, tseq |-> 0, last |-> 0] : s \in 0..head.seq}
OkHeads == {h \in Heads : h.tseq <= h.seq}
Fronts == IF ReaderEC THEN 0..Front ELSE {Front}
Views == IF ReaderEC THEN SUBSET {r \in 1..Len(roll) : roll[r].put} ELSE {pages}
Idle == [st |-> "idle", pos |-> rd.pos, bad |-> rd.bad]
Decide(f, h) ==
  IF rd.pos < f THEN [Idle EXCEPT !.pos = f, !.bad = IF \A n \in (rd.pos + 1)..f : sealed[n] = elog[n] THEN @ ELSE "wrong"]
  ELSE IF rd.pos >= h.seq THEN Idle
  ELSE IF rd.pos >= h.tseq THEN [st |-> "fetch", pos |-> rd.pos, bad |-> rd.bad, o |-> elog[rd.pos + 1]]  \* the tail
  ELSE [st |-> "page", pos |-> rd.pos, bad |-> rd.bad, tseq |-> h.tseq, last |-> h.last]
RdOne ==          \* frontier then head, or head then frontier
  /\ ReaderOn /\ rd.st = "idle" /\ rd.pos < head.seq /\ RUn
  /\ \/ \E f \in Fronts : rd' = [st |-> "f", pos |-> rd.pos, bad |-> rd.bad, f |-> f]
     \/ \E h \in OkHeads : rd' = [st |-> "h", pos |-> rd.pos, bad |-> rd.bad, h |-> h]
RdTwo ==
  /\ rd.st \in {"f", "h"} /\ RUn
  /\ \/ rd.st = "f" /\ \E h \in OkHeads : rd' = Decide(rd.f, h)
     \/ rd.st = "h" /\ \E f \in Fronts : rd' = Decide(f, rd.h)
RdPage ==
  /\ rd.st = "page" /\ RUn
  /\ \E V \in Views :
       LET U == Usable(V, rd.last) C == Covering(U, rd.pos)
           above == {roll[r].from : r \in {q \in U : roll[q].from > rd.pos /\ roll[q].from < rd.tseq}} IN
       \/ \E r \in C : rd' = [st |-> "fetch", pos |-> rd.pos, bad |-> rd.bad, o |-> Tells(r, rd.pos)]
       \/ C = {} /\ rd' = IF CoverRead THEN Idle
                          ELSE [Idle EXCEPT !.pos = IF above = {} THEN rd.tseq ELSE MinOf(above), !.bad = "skip"]
RdFetch ==
  /\ rd.st = "fetch" /\ RUn
  /\ rd' = IF rd.o \notin DOMAIN objs THEN Idle
           ELSE [Idle EXCEPT !.pos = @ + 1, !.bad = IF rd.o = elog[rd.pos + 1] THEN @ ELSE "wrong"]
-----------------------------------------------------------------------------
Rdr == RdOne \/ RdTwo \/ RdPage \/ RdFetch
Next ==
  \/ \E a \in AttIds : Start(a) \/ ReadHead(a) \/ BumpEp(a) \/ ReadState(a) \/ Walk(a) \/ Send(a) \/ Timeout(a)
  \/ \E m \in net : Exec(m)
  \/ RollRead
  \/ \E r \in 1..Len(roll) : PagePut(r) \/ HeadUpdate(r) \/ \E c \in DOMAIN roll[r].ev : StatePut(r, c)
  \/ Seal \/ Delete \/ DropPayload
  \/ GCBegin \/ GCHead \/ GCHalf \/ GCRest \/ GCSweep \/ Tick
  \/ Rdr
Spec == Init /\ [][Next]_vars
-----------------------------------------------------------------------------
Dense == /\ head.seq = Len(elog) /\ head.seq = head.tseq + Len(head.tail)
         /\ head.tail = SubSeq(elog, head.tseq + 1, head.seq)
Facts == \A r \in 1..Len(roll) : roll[r].refs = SubSeq(elog, roll[r].from + 1, roll[r].nx)
SealedOK == Front <= head.seq /\ sealed = SubSeq(elog, 1, Front)
\* every entry can be read now: sealed, or in the tail, or found by one query, and the payload is there
Readable == \A n \in Front..(head.seq - 1) :
              IF n >= head.tseq THEN elog[n + 1] \in DOMAIN objs
              ELSE LET F == Found(Usable(pages, head.last), n, Front) IN
                   F # {} /\ \A r \in F : Tells(r, n) = elog[n + 1] /\ Tells(r, n) \in DOMAIN objs
AckedThere == \A x \in DOMAIN acked : acked[x] < Len(elog) /\ IdOf(elog[acked[x] + 1]) = x
AtMostOnce == \A j, k \in 1..Len(elog) : IdOf(elog[j]) = IdOf(elog[k]) => j = k
Fifo == \A j, k \in 1..Len(elog) : (elog[j][1] = elog[k][1] /\ elog[j][2] < elog[k][2]) => j < k
\* a producer is refused only when a newer epoch of it is in the log
Refusals == \A a \in AttIds :
  /\ att[a].st # "gap"
  /\ att[a].st = "fenced" => \E j \in 1..Len(elog) : elog[j][1] = a[1] /\ Ep(IdOf(elog[j])) > Ep(IdOf(a))
ReaderOK == rd.bad = "ok" /\ rd.pos <= head.seq
NeverUnknown == \A a \in AttIds : att[a].st # "unknown"
\* must be violated: the good end can be reached
NeverDone == ~(/\ DOMAIN acked = Ids /\ (ReaderOn => rd.pos = head.seq) /\ Cardinality(Won) = MaxRolls
               /\ (Seals => Front > 0) /\ ngc = MaxGC /\ gc.st = "idle")
=============================================================================
