export default { render: (context) => picture(context) };
