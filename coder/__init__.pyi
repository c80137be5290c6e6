# What coder/__init__.py looks up late, for type checkers. A test sees that the two agree.
from coder.core.errors import CoderError as CoderError
from coder.core.requests import Allow as Allow
from coder.core.requests import Deny as Deny
from coder.core.requests import PermissionRequest as PermissionRequest
from coder.frontends.embedded.functions import Tool as Tool
from coder.frontends.embedded.functions import tool as tool
from coder.frontends.embedded.messages import Delta as Delta
from coder.frontends.embedded.messages import Denied as Denied
from coder.frontends.embedded.messages import Message as Message
from coder.frontends.embedded.messages import Note as Note
from coder.frontends.embedded.messages import Result as Result
from coder.frontends.embedded.messages import Started as Started
from coder.frontends.embedded.messages import Text as Text
from coder.frontends.embedded.messages import Thinking as Thinking
from coder.frontends.embedded.messages import ToolCall as ToolCall
from coder.frontends.embedded.messages import ToolDone as ToolDone
from coder.frontends.embedded.messages import Waiting as Waiting
from coder.frontends.embedded.options import Options as Options
from coder.frontends.embedded.session import Session as Session
from coder.frontends.embedded.session import query as query

__version__: str
