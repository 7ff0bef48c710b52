SwaggerUIBundle({
  url: {{ url_for("document.openapi") | tojson }},
  dom_id: "#document",
  deepLinking: true,
  validatorUrl: null,
});
