"""Words that people use for the same thing in software work, as tables. Must not know any server's tools."""

from __future__ import annotations

# Between semicolons: words that stand for one another, general English and the words of the trade. A word may be in
# several.
GROUPS = """
create make add new insert generate build initialize; create open file raise report submit; create start begin;
add append attach put include insert; delete remove drop destroy erase discard clear purge trash forget;
remove uninstall detach unlink; update edit change modify alter set adjust revise patch; update upgrade refresh renew;
rename name title; replace substitute swap overwrite change edit; move relocate transfer reposition;
copy duplicate clone fork; get fetch retrieve read show view display obtain load see; list enumerate show all;
read view look see content; search find look query lookup locate discover; filter query select where;
find detect identify; run execute launch start trigger invoke call; start begin launch trigger kick;
stop end terminate halt kill abort cancel quit; restart reboot relaunch reset; rerun retry again repeat;
resume continue; pause suspend; close finish complete resolve end; open launch; send post publish write deliver;
create write publish compose draft author; change commit diff; announce announcement notify message inform broadcast;
reply answer respond response; comment remark note feedback annotation; message chat conversation post;
chat slack discord teams; channel room; thread conversation; reaction emoji;
user person member account people contact; who user person author; profile account details; team group organization;
assign assignee assigned owner; issue ticket bug task problem defect story; bug error defect; pull merge;
review approve feedback; approve accept confirm; reject decline deny refuse dismiss; merge combine land integrate;
branch line; commit record save checkpoint; stage staged index add; unstage reset;
undo revert rollback restore reset back; rollback previous revert back undo; diff compare difference change;
history log changelog past previous; log print output; repository project; release version; tag label mark category;
deploy ship release publish install rollout; promote ship; build compile; pipeline workflow ci;
ci build circleci pipeline jenkins; job task run; test spec check; flaky intermittent sometimes unreliable;
fail failure break red broken crash error; status state condition health progress; check verify validate confirm;
validate valid lint check; artifact binary output produced; app application; server backend; process worker dyno;
scale replica size increase resize; container pod docker kubernetes; cluster kubernetes; machine node host server;
package chart module library; exec execute run shell command terminal; describe detail explain inspect information;
explain document manual help; config configure setting preference option setup; environment variable;
secret credential password token; login authenticate; permission access right allowed; allow permit;
touch access modify; database sql postgres sqlite mysql postgresql; table relation; row record entry;
column field schema; query statement select sql; insert write; slow performance slowly latency speed fast;
performance trace profile; expensive outlier; lock block deadlock; backup dump snapshot restore; memory heap;
leak heap memory; cost price plan pricing billing; tier plan; billing invoice payment; file document;
folder directory; nested recursive tree; tree structure hierarchy; size big large; information metadata stat detail;
write save store persist; store remember memory keep; remember observation; know knowledge;
fact observation knowledge; image picture photo media; audio video media sound; video record screencast;
screenshot capture picture image; page site website web; web internet online; article page post;
wiki confluence notion page; url link address web; navigate go visit open; click press tap push;
type enter fill input write; fill enter complete; key keyboard press; select choose pick option;
dropdown select option; form input field; scroll swipe; hover mouse; drag drop; upload send push;
download save fetch export; dialog popup alert prompt confirm confirmation; console error;
request http network call traffic; tab page window; window viewport screen resize; phone mobile device;
emulate simulate pretend mimic; wait until; appear show visible; accessibility a11y accessible; css style;
javascript script; element node; crawl spider every; extract scrape content; map place location;
directions route drive travel navigate; distance far long; address street location;
coordinates latitude longitude geocode; elevation high height altitude; nearby near local close around;
restaurant place business shop; time hour clock date now; timezone time zone; convert translate transform;
current now today latest; latest recent new last lately; schedule plan calendar; event meeting appointment;
email mail; document page note; note page memo; paragraph block text; property field attribute; parent child;
child children sub below nested; sum add total plus; number count; compress zip gzip archive; think reason reflect;
relation relationship link between; connect link relate; entity person customer thing; worklog hours log work;
transition move state status change; sprint iteration scrum agile; epic initiative; board kanban scrum;
version release milestone; attachment file attach; library framework package dependency;
manual documentation guide reference; example sample snippet code; code source function; metric statistic usage;
monitor watch observe; alert alarm warning; maintenance offline; copy transfer; subscribe follow watch;
forward proxy tunnel; port forward reach; local laptop localhost; drain cordon; repair maintenance; context cluster;
format prettify; sort order rank; lighthouse audit; audit check; return back previous; quit exit close;
alter write update; shrink compress reduce; unzip extract decompress; hit press key; escape enter key;
button click press; pointer cursor mouse hover; font colour color style css; layout style css;
throttle limit slow emulate; theme dark light scheme; reader accessibility snapshot; tree snapshot accessibility;
profiling profiler performance trace; pay cost price bill credit usage; consume usage cost spend;
spend spent time log; unused underused idle; deep comprehensive thorough;
investigate investigation research study analyse; research search; tunnel forward port;
alive ping responsive reachable healthy; mean meaning explain definition describe; revision commit version;
finding insight conclusion result; row table record query; isolated private internal; network space vpc;
company organization team enterprise; upkeep maintenance downtime; active running current; online deploy live;
instance addon addons service resource; many multiple several batch bulk; batch bulk multiple; product project;
preset template boilerplate; discussion comment thread; discuss comment reply; smaller resize reduce size;
bigger scale resize larger upgrade; entry item record page; production live heroku; staging pipeline stage;
manifest yaml resource; object resource; resource kubernetes; service resource; attribute property field; wall board;
question query ask; step sequence sequential; landmark place; city town place address; mountain elevation;
repeat echo; logo icon image; slow long; host hosting server; credential password key secret; rotate credential renew;
domain url site; structure map tree; sitemap map; picture file upload; expression script javascript evaluate;
device phone emulate; dependency package library; branch ref; mistake error wrong; delete wrong;
contributor author collaborator; ask search query; mean average; table database sheet spreadsheet;
integration bot token; inspect show view; spec test; red fail error; green pass success; pass succeed success status;
succeed status; happen activity history; activity log history; plan roadmap sprint version; deadline due date;
priority urgent severity; estimate points effort; approve merge review; conflict merge; draft create;
reach connect forward; lag slow latency; hang stuck block; stuck kill block; visitor user traffic;
customer client user; cluster node; expose port service; restart rollout; history revision rollout; autoscale scale;
inside exec; kind type; possible available; available list; ticket request; screen page view; type text keyboard;
capture record take; picture screenshot; popup modal dialog window; load open navigate; loading performance;
http api request response; body response content; header request; cookie session storage; disk filesystem file;
path directory file; ending extension pattern suffix; modified changed date; touch access allowed;
nested deep recursive; answer reply; people member user; write post send; everyone everybody all;
colleague teammate coworker member user people; smiley emoji reaction emoticon; celebrate react reaction;
book track log time; track monitor follow log; finished done complete closed status; resolved closed done status;
unresolved open todo pending; cycle sprint iteration week; sheet table database; recall remember memory search;
join count aggregate query sql; duplicate copy clone same; double triple half scale increase decrease;
exception error warning; warning alert console log; trace stack error log; copies replica;
film record video screencast; footage video recording; metre meter elevation altitude height;
height altitude elevation sea; blog article page post; frontend ui page browser; backend server api;
ajax xhr request network; gps coordinates location position; position location coordinates; town city place;
route directions path way; fastest shortest directions route; car drive walk directions travel;
shop store business place; cafe coffee hotel hospital place business; rating score review; seo lighthouse score audit;
vitals performance lighthouse; ram memory heap; cpu performance usage profile; random flaky intermittent;
random generate; coverage report artifact result; calculate compute add sum; total sum count;
reason cause why failure explain; why explain reason; upstream remote origin; propose suggest create submit;
reviewer review; inline comment; sources code file; locate find search; below within under inside recursive;
chart graph plot diagram; diagram draw chart; email mail message inbox; inbox email message; draft compose write;
calendar event meeting schedule appointment; invite invitation add; appointment event calendar;
reminder schedule notify; payment charge invoice billing pay; refund payment return; subscription plan billing;
customer contact account; contact person customer; deal opportunity sale; bucket storage object s3;
storage disk space bucket; incident alert outage; outage incident down status; oncall incident schedule;
exception crash issue error; event log error; feature flag toggle; toggle enable disable switch; enable activate on;
disable deactivate off; funnel analytics metric; analytics metric statistics report; dashboard chart metric panel;
design figma component frame; frame component design; mockup design screenshot; embedding vector semantic;
translate language translation; summarize summary; summary overview report info; transcript caption subtitle;
speech audio voice; dns domain record; certificate ssl tls; queue message job; topic channel subject;
cron schedule job; firewall security rule; vulnerability security scan; scan check audit analyse;
secret key token credential; migrate migration upgrade schema; index key lookup; trigger hook webhook;
webhook hook notification; notification alert message; subscribe watch notify; star favorite favourite bookmark;
like reaction star; invite member add; ban block remove; mute silence disable; archive close hide delete;
unarchive restore reopen; reopen open update status; pin stick; transfer move; split divide; rebase merge update;
cherry pick commit; tag version release; stash save store; squash merge combine; blame author line history;
ignore exclude skip; include add; encode decode convert; encrypt decrypt; hash checksum digest; random uuid generate;
weather forecast temperature; stock price quote market; currency exchange rate convert; flight hotel trip travel;
evacuate drain; dump backup export; import load upload; export download dump save; nightly schedule daily;
lint check validate; syntax validate parse; guide handbook manual document; handbook wiki guide; onboarding guide;
policy rule permission; role permission access; grant permission allow add; revoke permission remove;
owner user assignee; responsible assignee owner; manager owner lead; lead leader owner; estimate point field;
maintainer repository owner
"""

# Words or phrases > what a tool for it speaks of; words with / between are one concept, others add another.
HINTS = """
pr, mr, pull request, merge request > pull/merge request;
prs, mrs, pull requests, merge requests > pull/merge request; get rid of, throw away > delete/remove;
look up, look for, look something up > search/find/query; find out > get/search/find;
go to, browse to > navigate/open/url; go back, roll back > rollback/undo/rollout/back/previous;
kick off, set off, fire off > run/trigger/start; bring up to date, up to date > update/latest;
turn off, switch off, shut down > off/disable/stop/end; turn on, switch on > enable/start;
take down > offline/stop/maintenance; sign in, log in > login/authenticate; log out, sign out > logout;
set up > create/configure/install; clean up > cleanup/delete;
write down, note down, keep in mind > create/add/note/memory/store; fill in, fill out > fill/form; check in > commit;
check out > checkout; switch to, change to > switch/select/checkout/context; talk to > connect/reach/context;
works on, working on, work on > issue/progress/assigned; put under, belongs to > parent/link/epic;
in progress > transition/status/state/progress; thumbs up > reaction/emoji;
someone else, somebody else > user/account; open source > public/github/code repository;
working tree > working/git tree/status; who changed > changelog/history/log;
knows about, know about > knowledge/search graph/memory; drag and drop > drag/drop; web app > page/browser;
memory leak > heap/memory snapshot; wiki > confluence/notion page; chat > slack/message channel;
ticket, tracker, story > issue/jira/linear; scrum, agile, iteration > sprint/jira board;
ci > circleci/pipeline/build/check; k8s, pod, replica > kubernetes/kubectl;
container, cluster > kubernetes/pod/kubectl; dyno > heroku; browser, website, site > page/browser/web;
docs, manual, documentation > document/library; google, online > web search; master, main > branch;
may i, am i allowed, can i > allowed/permission; more > scale/increase/add; less, fewer > scale/decrease/remove;
database > source; has anyone, did anyone, is there, are there, do we have > search/list/find;
in one go, at once, all together > batch/multiple/bulk; right now, at the moment > current/active; by hand > manual;
put online, go live, put live > deploy/publish/promote; bring back, put back > restore/off/enable/resume;
how far > distance; how long > time/duration; how big, how large, how full > size/info/metadata;
how much > price/cost/plan/usage; where is, where exactly is, located > location/place/geocode/address;
what time > time/current; am, pm > time convert; when will > schedule/window/time;
who is, who are > user/profile/member; who wrote, who made > author/user/history;
which columns, what columns > schema/describe/table; on top of > hover; screen reader > accessibility snapshot;
dark mode, light mode > color scheme emulate/media; slow network, slow connection > throttle/emulate network;
takes long, takes too long, slowly > performance/slow/trace; code host, remote > github/gitlab repository;
production, staging > pipeline/app/heroku; take off, take away > remove/delete/uninstall; off main > branch;
no longer, not any more > remove/delete; rows, row > sql table; note, notes > page/notion;
manifest > kubectl/yaml resource; note in > page; type of, kind of, kinds of > types;
is red, is broken, is failing > failure/fail; is green > status; undo > revert/reset;
out of the cluster, out of service > drain/cordon; up to speed > update;
go wrong, goes wrong, went wrong > error/failure/log; crash > log/error/events;
pr review, code review > review pull request; propose, contribute > pull/merge request;
work item, work items, user story, user stories, to do > issue/task/ticket;
to done, as done, to review, as fixed > transition/status/close/update; names of, list of, all of > list/all;
handbook, knowledge base, intranet > confluence/notion page; subpage > page child; subfolder > directory;
subtask > issue parent; workspace > notion/slack; mkdir > create directory; ls, dir > list directory;
cat, head, tail > read file/log; rm, rmdir > delete/remove; mv > move/rename file; cp > copy file;
grep, rg > search/content; stat > file info; touch > create/write file; curl, wget > fetch/url/request;
ps > process/list; git status > status; psql > sql/postgres; select from, sql > query/sql;
mp3, wav, song > audio media; png, jpg, jpeg, gif, svg > image; mp4, movie > video;
xlsx, csv, excel > sheet/table/file; pdf, docx, word > document/file; stack trace, traceback > error log;
above sea, above the sea > elevation; blog post, news article > page/article/url content;
localhost, website > url/navigate/page; go onto, go over to > switch/checkout;
ready to commit, to be committed, next commit > staged/index; version history, version control > commit/git/log;
version before, version of yesterday, older version > rollback/previous; live cluster, test cluster > context;
web address, web addresses > url; dark theme > color scheme emulate/media; error page > maintenance/offline;
from the start, from scratch > rerun/create; start again, try again, once more > rerun/retry/restart;
who approved, approved by > review; reported before, already reported > search/issue;
what is going on, what happened > log/status/event; step through, step by step > sequential thinking;
pull out > extract; at random > flaky/random; close by, near me, near here, around here > nearby/local;
colleague, teammate > user/profile; switch between > switch/select/context; in the index > staged;
not in the index, not yet added > unstaged
"""

# Verbs and the like that say little of what is wanted.
LIGHT = """
take put bring give keep make get go look see show know say tell come open have run thing exist still already again
new existing some
"""

# A question wants something read: how one begins, and what the tools for that say they do.
ASKING = "what which who whom whose when where how why is are was were did does do has have"
READERS = "get list read retrieve search find query show describe info"
