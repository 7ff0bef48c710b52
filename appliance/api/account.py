"""`/account/`: who the token belongs to."""

from __future__ import annotations

from flask.views import MethodView

from appliance.api import schemas
from appliance.api.access import needs, token
from appliance.api.body import Blueprint
from appliance.api.presentation import JSON, token_of

blueprint = Blueprint("account", __name__, url_prefix="/api/v1/account", description="The account behind the token.")


@blueprint.route("/me/")
class Me(MethodView):
    """The account and the token of this request."""

    @needs()
    @blueprint.doc(operationId="getMe")
    @blueprint.response(200, schemas.Me)
    def get(self) -> JSON:
        """Show the account and the token that this request was made with."""
        return token_of(token())
